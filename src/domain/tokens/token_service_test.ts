import assert from "node:assert/strict";
import type { Token } from "#ports/state_store.ts";
import { DEFAULT_ROLES } from "#domain/roles/mod.ts";
import { DEMO_TOKEN, MemoryStore, openTestService, TestClock } from "./testing.ts";
import { TokenService } from "./token_service.ts";

const DATED: Token = { user: "bob", token: "evt_bob", role: "member", issuedAt: "2026-11-01", expires: "2026-12-01" };

Deno.test("TokenService.open() has defaults and an empty list on disk before it resolves, at the first boot", async () => {
  const store = new MemoryStore();
  const service = await TokenService.open({ store, clock: new TestClock(), log: () => {} });
  assert.deepEqual(store.saved, [{ roles: DEFAULT_ROLES, tokens: [] }]);
  assert.deepEqual(service.listRoles(), DEFAULT_ROLES);
});

Deno.test("TokenService.open() leaves stored state alone and appends missing default roles in memory", async () => {
  const store = new MemoryStore({ roles: [{ ...DEFAULT_ROLES[1], topK: 7 }], tokens: [DATED] });
  const service = await TokenService.open({ store, clock: new TestClock(), log: () => {} });
  assert.deepEqual(store.saved, []);
  assert.deepEqual(service.listRoles().map(({ name, topK }) => [name, topK]), [["member", 7], ["admin", 50]]);
  assert.equal(service.find("evt_bob")?.user, "bob");
});

Deno.test("TokenService.open() refuses one token for two users", async () => {
  const store = new MemoryStore({ roles: DEFAULT_ROLES, tokens: [DATED, { ...DATED, user: "eve" }] });
  await assert.rejects(TokenService.open({ store, clock: new TestClock(), log: () => {} }), /'eve' is not unique/);
});

Deno.test("TokenService.issue() gives a token that admits its user, and writes it", async () => {
  const { service, store } = await openTestService();
  const issued = await service.issue({ user: "alice", role: "member", expiresDays: 90 });
  const { token, ...rest } = issued;
  assert.match(token, /^evt_[0-9a-f]{32}$/);
  assert.deepEqual(rest, { user: "alice", role: "member", issuedAt: "2026-11-22", expires: "2027-02-20" });
  assert.equal(service.authorize(service.find(token), "decrypt_scores").topK, 10);
  assert.deepEqual(store.saved.at(-1)?.tokens, [issued]);
});

for (
  const { name, expiresDays, want } of [
    { name: "never", expiresDays: null, want: undefined },
    { name: "never when not told", expiresDays: undefined, want: undefined },
    { name: "today for 0", expiresDays: 0, want: "2026-11-22" },
    { name: "yesterday for -1", expiresDays: -1, want: "2026-11-21" },
  ]
) {
  Deno.test(`TokenService.issue() sets the expiry to ${name}`, async () => {
    const { service } = await openTestService();
    const issued = await service.issue({ user: "alice", role: "member", expiresDays });
    assert.equal(issued.expires, want);
    assert.equal("expires" in issued, want !== undefined);
  });
}

for (
  const { name, act, code = "FAILED_PRECONDITION", message } of [
    {
      name: "issue() for an unknown role, before it looks at the user",
      act: (s: TokenService) => s.issue({ user: "bob", role: "ghost" }),
      message: "Role 'ghost' does not exist",
    },
    {
      name: "issue() for a user with a token, before it looks at the expiry",
      act: (s) => s.issue({ user: "bob", role: "admin", expiresDays: 999_999_999 }),
      message: "Token already exists for user 'bob'",
    },
    {
      name: "issue() beyond the calendar",
      act: (s) => s.issue({ user: "alice", role: "admin", expiresDays: 999_999_999 }),
      code: "INVALID_ARGUMENT",
      message: "date value out of range",
    },
    { name: "rotate() of an unknown user", act: (s) => s.rotate("eve"), message: "No token found for user 'eve'" },
    {
      name: "deleteRole() of a default",
      act: (s) => s.deleteRole("admin"),
      message: "Cannot delete default role 'admin'",
    },
    {
      name: "deleteRole() of a held role",
      act: async (s) => {
        await s.createRole({ name: "temp", scope: ["x"], topK: 1, rateLimit: "1/1s" });
        await s.issue({ user: "tim", role: "temp" });
        await s.deleteRole("temp");
      },
      message: "Cannot delete role 'temp': token for user 'tim' is assigned to it",
    },
    {
      name: "updateRole() of an unknown role",
      act: (s) => s.updateRole("ghost", { topK: 1 }),
      message: "Role 'ghost' does not exist",
    },
  ] as { name: string; act: (service: TokenService) => Promise<unknown>; code?: string; message: string }[]
) {
  Deno.test(`TokenService refuses ${name}`, async () => {
    const { service } = await openTestService({ tokens: [DATED] });
    await assert.rejects(act(service), { name: "VaultError", code, message });
  });
}

Deno.test("TokenService.issue() treats names as data: Admin, __proto__ and glob characters are no one else's", async () => {
  const { service } = await openTestService({ tokens: [DATED] });
  for (const user of ["Bob", "ｂｏｂ", "bob ", "b*", "__proto__", "constructor", "\0"]) {
    await service.issue({ user, role: "admin" });
  }
  assert.equal(service.listTokens().length, 8);
  await assert.rejects(service.issue({ user: "x", role: "__proto__" }), /Role '__proto__' does not exist/);
  await assert.rejects(service.issue({ user: "x", role: "Admin" }), /Role 'Admin' does not exist/);
});

Deno.test("TokenService never gives the same token twice, even from a broken random source", async () => {
  const store = new MemoryStore({ roles: DEFAULT_ROLES, tokens: [] });
  const random = (bytes: number) => new Uint8Array(bytes);
  const service = await TokenService.open({ store, clock: new TestClock(), random, log: () => {} });
  const { token } = await service.issue({ user: "alice", role: "member" });
  await assert.rejects(service.issue({ user: "bob", role: "admin" }), { code: "INTERNAL" });
  await assert.rejects(
    service.rotateAll().then(() => service.rotateAll()).then(() => service.rotate("bob")),
    /No token/,
  );
  assert.equal(service.find(token)?.user, "alice");
  assert.deepEqual(service.listTokens().map(({ user }) => user), ["alice"]);
});

Deno.test("TokenService.revoke() ends a token at once and tells whether there was one", async () => {
  const { service, store } = await openTestService({ tokens: [DATED] });
  const holder = service.find("evt_bob");
  const gate = Promise.withResolvers<void>();
  store.gate = gate.promise;
  const revoked = service.revoke("bob");
  assert.equal(service.find("evt_bob"), undefined, "not found before the save has ended");
  const message = "Invalid authentication token";
  assert.throws(
    () => service.authorize(holder, "get_public_key"),
    { code: "UNAUTHENTICATED", message },
    "found before",
  );
  gate.resolve();
  assert.equal(await revoked, true);
  assert.equal(await service.revoke("bob"), false);
  assert.deepEqual(store.users(), []);
});

Deno.test("TokenService.rotate() replaces the token, keeps user, role and days, and moves the user to the end", async () => {
  const { service, store, clock } = await openTestService({
    tokens: [DATED, { ...DATED, user: "al", token: "evt_al" }],
  });
  clock.advanceDays(3);
  const rotated = await service.rotate("bob");
  assert.notEqual(rotated.token, "evt_bob");
  assert.deepEqual([rotated.user, rotated.role], ["bob", "member"]);
  assert.deepEqual([rotated.issuedAt, rotated.expires], ["2026-11-25", "2026-12-25"]);
  assert.equal(service.find("evt_bob"), undefined);
  assert.equal(service.authorize(service.find(rotated.token), "get_public_key").name, "member");
  assert.deepEqual(store.users(), ["al", "bob"]);
});

for (
  const { name, stored, message } of [
    { name: "no date of issue", stored: { issuedAt: "" }, message: "Invalid isoformat string: ''" },
    { name: "a bad date of issue", stored: { issuedAt: "soon" }, message: "Invalid isoformat string: 'soon'" },
    { name: "a bad expiry", stored: { expires: "nope" }, message: "Invalid isoformat string: 'nope'" },
    { name: "an expiry too far off", stored: { issuedAt: "0001-01-01" }, message: "date value out of range" },
  ]
) {
  Deno.test(`TokenService.rotate() refuses ${name} and changes nothing, nor does rotateAll()`, async () => {
    const good = { ...DATED, user: "al", token: "evt_al" };
    const bad = name.includes("far") ? { ...DATED, ...stored, expires: "9000-01-01" } : { ...DATED, ...stored };
    const { service, store } = await openTestService({ tokens: [good, bad] });
    await assert.rejects(service.rotate("bob"), { code: "INVALID_ARGUMENT", message });
    await assert.rejects(service.rotateAll(), { code: "INVALID_ARGUMENT", message });
    assert.deepEqual([service.find("evt_bob")?.user, service.find("evt_al")?.user], ["bob", "al"]);
    assert.deepEqual(store.saved, []);
  });
}

Deno.test("TokenService.rotate() leaves a token without expiry without one, also without a date of issue", async () => {
  const { service } = await openTestService({
    tokens: [{ user: "bob", token: "evt_bob", role: "admin", issuedAt: "" }],
  });
  assert.equal("expires" in await service.rotate("bob"), false);
});

Deno.test("TokenService.rotateAll() rotates everyone in store order with one save", async () => {
  const { service, store } = await openTestService({ tokens: [DATED, { ...DATED, user: "al", token: "evt_al" }] });
  const rotated = await service.rotateAll();
  assert.deepEqual(rotated.map(({ user }) => user), ["bob", "al"]);
  assert.deepEqual([service.find("evt_bob"), service.find("evt_al")], [undefined, undefined]);
  for (const { token } of rotated) service.authorize(service.find(token), "get_public_key");
  assert.equal(store.saved.length, 1);
});

Deno.test("TokenService.rotateAll() of an empty vault gives nothing and writes nothing", async () => {
  const { service, store } = await openTestService();
  assert.deepEqual(await service.rotateAll(), []);
  assert.deepEqual(store.saved, []);
});

Deno.test("TokenService.listTokens() shows what 2.6 says and never a token", async () => {
  const { service } = await openTestService({
    tokens: [DATED, { user: "zoe", token: "evt_zoe", role: "gone", issuedAt: "2026-11-22" }],
  });
  assert.deepEqual(service.listTokens(), [
    { user: "bob", role: "member", topK: 10, rateLimit: "30/60s", expires: "2026-12-01" },
    { user: "zoe", role: "gone", topK: "?", rateLimit: "?", expires: "never" },
  ]);
  assert.ok(!JSON.stringify(service.listTokens()).includes("evt_"));
});

Deno.test("TokenService role changes hold for the very next call and are written", async () => {
  const { service, store } = await openTestService({ tokens: [DATED] });
  const call = () => service.authorize(service.find("evt_bob"), "decrypt_scores");
  assert.equal(call().topK, 10);
  assert.deepEqual(await service.updateRole("member", { topK: 8 }), { ...DEFAULT_ROLES[1], topK: 8 });
  assert.equal(call().topK, 8);
  await service.updateRole("member", { scope: [] });
  assert.throws(call, { code: "PERMISSION_DENIED" });
  const role = { name: "researcher", scope: ["get_public_key"], topK: 3, rateLimit: "1/1s" };
  assert.deepEqual(await service.createRole(role), role);
  assert.deepEqual(store.saved.at(-1)?.roles.map(({ name }) => name), ["admin", "member", "researcher"]);
  await service.deleteRole("researcher");
  assert.deepEqual(service.listRoles().map(({ name }) => name), ["admin", "member"]);
});

Deno.test("TokenService.durableState() holds what was saved and nothing that may yet be undone", async () => {
  const { service, store } = await openTestService({ tokens: [DEMO_TOKEN] });
  const gate = Promise.withResolvers<void>();
  store.gate = gate.promise;
  const issue = service.issue({ user: "alice", role: "member" });
  assert.deepEqual(service.durableState().tokens.map(({ user }) => user), ["demo"]);
  gate.resolve();
  await issue;
  assert.deepEqual(service.durableState(), store.saved.at(-1));
  assert.deepEqual(service.durableState().tokens.map(({ user }) => user), ["demo", "alice"]);
});

Deno.test("TokenService.describeToken() tells all but the token", async () => {
  const { service } = await openTestService({
    tokens: [DEMO_TOKEN, { ...DEMO_TOKEN, user: "x", token: "t", role: "gone" }],
  });
  assert.deepEqual(service.describeToken("demo"), {
    user: "demo",
    role: "admin",
    topK: 50,
    rateLimit: "150/60s",
    expires: "never",
    issuedAt: "2026-01-01",
    scope: ["get_public_key", "decrypt_scores", "decrypt_metadata", "manage_tokens"],
  });
  assert.deepEqual(service.describeToken("x")?.scope, []);
  assert.equal(service.describeToken("eve"), undefined);
});
