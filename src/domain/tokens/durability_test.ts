import assert from "node:assert/strict";
import type { Role, Token } from "#ports/state_store.ts";
import { openTestService } from "./testing.ts";
import type { TokenService } from "./token_service.ts";

const BOB: Token = { user: "bob", token: "evt_bob", role: "tight", issuedAt: "2026-11-22" };
const TIGHT: Role = { name: "tight", scope: ["get_public_key"], topK: 3, rateLimit: "1/60s" };
const setUp = () => openTestService({ tokens: [BOB], roles: [TIGHT] });

Deno.test("TokenService shares one save among concurrent issues, and it holds all of them", async () => {
  const { service, store } = await setUp();
  const issues = Array.from({ length: 100 }, (_, i) => service.issue({ user: `user${i}`, role: "member" }));
  const issued = await Promise.all(issues);
  assert.equal(store.saved.length, 1);
  assert.deepEqual(store.saved[0].tokens.slice(1), issued);
});

Deno.test("TokenService lets changes during a save wait for the next one", async () => {
  const { service, store } = await setUp();
  const gate = Promise.withResolvers<void>();
  store.gate = gate.promise;
  const first = service.issue({ user: "a", role: "member" });
  await Promise.resolve().then(() => {}).then(() => {});
  const later = ["b", "c", "d"].map((user) => service.issue({ user, role: "member" }));
  gate.resolve();
  await Promise.all([first, ...later]);
  assert.deepEqual(store.saved.map(({ tokens }) => tokens.length), [2, 5]);
});

for (
  const { name, change } of [
    { name: "issue()", change: (s: TokenService) => s.issue({ user: "eve", role: "admin" }) },
    { name: "revoke()", change: (s) => s.revoke("bob") },
    { name: "rotate()", change: (s) => s.rotate("bob") },
    { name: "rotateAll()", change: (s) => s.rotateAll() },
    { name: "createRole()", change: (s) => s.createRole({ ...TIGHT, name: "new" }) },
    { name: "updateRole()", change: (s) => s.updateRole("tight", { scope: ["decrypt_scores"], rateLimit: "9/1s" }) },
    { name: "deleteRole()", change: (s) => s.createRole({ ...TIGHT, name: "new" }).then(() => s.deleteRole("new")) },
  ] as { name: string; change: (service: TokenService) => Promise<unknown> }[]
) {
  Deno.test(`TokenService.${name} that cannot be written rejects and leaves everything as it was`, async () => {
    const { service, store, logged } = await setUp();
    service.authorize(service.find("evt_bob"), "get_public_key"); // bob's whole budget
    const before = [service.listTokens(), service.listRoles()];
    store.failure = new Error("disk full");
    const message = "state could not be written: disk full; nothing was changed";
    await assert.rejects(change(service), { name: "VaultError", code: "INTERNAL", message });
    assert.deepEqual([service.listTokens(), service.listRoles()], before);
    assert.equal(service.find("evt_bob")?.user, "bob");
    const call = () => service.authorize(service.find("evt_bob"), "get_public_key");
    assert.throws(call, { code: "RESOURCE_EXHAUSTED" }, "no fresh budget out of a failed change");
    assert.deepEqual(logged, [["error", "state could not be written: disk full"]]);
  });
}

Deno.test("TokenService goes on after a failed save, from the last state that is on disk", async () => {
  const { service, store } = await setUp();
  store.failure = new Error("disk full");
  const lost = await Promise.allSettled([
    service.revoke("bob"),
    service.issue({ user: "bob", role: "admin" }),
    service.issue({ user: "eve", role: "admin" }),
  ]);
  assert.deepEqual(lost.map(({ status }) => status), ["rejected", "rejected", "rejected"]);
  store.failure = undefined;
  await service.issue({ user: "amy", role: "member" });
  assert.deepEqual(store.users(), ["bob", "amy"]);
  assert.equal(service.find("evt_bob")?.token.role, "tight");
});

Deno.test("TokenService.flush() resolves once a pending change is written", async () => {
  const { service, store } = await setUp();
  const issued = service.issue({ user: "amy", role: "member" });
  await service.flush();
  assert.deepEqual(store.users(), ["bob", "amy"]);
  await issued;
});
