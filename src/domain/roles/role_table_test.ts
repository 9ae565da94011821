import assert from "node:assert/strict";
import type { Role, Token } from "#ports/state_store.ts";
import { DEFAULT_ROLES } from "./default_roles.ts";
import { RoleTable } from "./role_table.ts";

const researcher: Role = { name: "researcher", scope: ["get_public_key"], topK: 3, rateLimit: "10/60s" };
const clock = { now: () => NaN, monotonic: () => 0 };
const token = (user: string, role: string): Token => ({ user, token: `evt_${user}`, role, issuedAt: "2026-11-22" });
const names = (roles: RoleTable) => roles.list().map(({ name }) => name);

Deno.test("RoleTable.of() appends missing default roles and keeps the file's values of the others", () => {
  const own = { ...DEFAULT_ROLES[1], topK: 99 };
  const roles = RoleTable.of([researcher, own]);
  assert.deepEqual(names(roles), ["researcher", "member", "admin"]);
  assert.equal(roles.get("member")?.topK, 99);
  assert.deepEqual(roles.get("admin"), DEFAULT_ROLES[0]);
});

Deno.test("RoleTable changes return a new table and leave the old one as it was", () => {
  const before = RoleTable.of([]);
  const after = before.create(researcher).update("member", { topK: 8 });
  assert.deepEqual(names(before), ["admin", "member"]);
  assert.equal(before.get("member")?.topK, 10);
  assert.deepEqual(names(after), ["admin", "member", "researcher"]);
  assert.deepEqual(after.get("member"), { ...DEFAULT_ROLES[1], topK: 8 });
  assert.deepEqual(names(after.delete("researcher", [])), ["admin", "member"]);
});

Deno.test("RoleTable keeps its own copy of a scope", () => {
  const scope = ["get_public_key"];
  const roles = RoleTable.of([]).create({ ...researcher, scope });
  scope.push("decrypt_scores");
  assert.deepEqual(roles.get("researcher")?.scope, ["get_public_key"]);
});

const FORMAT = "Invalid rate_limit format '9'. Expected '<max>/<window>s' (e.g. '30/60s')";
for (
  const { name, change, text } of [
    {
      name: "create() of an existing role",
      change: (t: RoleTable) => t.create({ ...researcher, name: "admin" }),
      text: "Role 'admin' already exists",
    },
    {
      name: "create() checks the rate limit first",
      change: (t) => t.create({ ...researcher, name: "admin", rateLimit: "9" }),
      text: FORMAT,
    },
    {
      name: "update() of an unknown role",
      change: (t) => t.update("ghost", { topK: 1 }),
      text: "Role 'ghost' does not exist",
    },
    {
      name: "update() checks the rate limit first",
      change: (t) => t.update("ghost", { rateLimit: "9" }),
      text: FORMAT,
    },
    { name: "delete() of admin", change: (t) => t.delete("admin", []), text: "Cannot delete default role 'admin'" },
    {
      name: "delete() of member, though held",
      change: (t) => t.delete("member", [token("a", "member")]),
      text: "Cannot delete default role 'member'",
    },
    {
      name: "delete() of an unknown role",
      change: (t) => t.delete("ghost", [token("a", "ghost")]),
      text: "Role 'ghost' does not exist",
    },
    {
      name: "delete() of a held role names the first holder",
      change: (t) =>
        t.create(researcher).delete("researcher", [
          token("x", "admin"),
          token("z", "researcher"),
          token("a", "researcher"),
        ]),
      text: "Cannot delete role 'researcher': token for user 'z' is assigned to it",
    },
  ] as { name: string; change: (roles: RoleTable) => RoleTable; text: string }[]
) {
  Deno.test(`RoleTable refuses: ${name}`, () => {
    assert.throws(() => change(RoleTable.of([])), { name: "VaultError", message: text });
  });
}

Deno.test("RoleTable.windowOf() follows the discard rules of 2.4", () => {
  const alice = token("alice", "member"), bob = token("bob", "member");
  const before = RoleTable.of([]);
  const window = before.windowOf("member", alice, clock);
  assert.equal(before.windowOf("member", alice, clock), window, "kept between calls");
  assert.notEqual(before.windowOf("member", bob, clock), window, "one a user");
  assert.notEqual(before.windowOf("member", { ...alice }, clock), window, "another token, another budget");
  assert.equal(before.update("member", { topK: 1, scope: [] }).windowOf("member", alice, clock), window);
  const fresh = before.update("member", { rateLimit: "30/60s" });
  assert.notEqual(fresh.windowOf("member", alice, clock), window, "discarded by the same rate limit");
  assert.equal(before.windowOf("member", alice, clock), window, "and there again after a rollback");
});
