import assert from "node:assert/strict";
import type { Role, Token } from "#ports/state_store.ts";
import { DEMO_TOKEN, openTestService } from "./testing.ts";

const UNKNOWN = { code: "UNAUTHENTICATED", message: "Invalid authentication token" };

const narrow: Role = { name: "narrow", scope: ["get_public_key"], topK: 3, rateLimit: "2/60s" };
const token = (change: Partial<Token> = {}): Token => ({
  user: "bob",
  token: "evt_bob",
  role: "narrow",
  issuedAt: "2026-11-01",
  ...change,
});

async function setUp(stored: Token, roles: Role[] = [narrow]) {
  const { service, clock, counts } = await openTestService({ tokens: [stored], roles });
  return {
    service,
    clock,
    counts,
    call: (method = "get_public_key") => service.authorize(service.find(stored.token), method),
  };
}

Deno.test("TokenService.authorize() knows the demo token where it is stored, as an admin with every scope", async () => {
  const { service, call } = await setUp(DEMO_TOKEN);
  const { user, agentId } = service.find(DEMO_TOKEN.token)!;
  assert.deepEqual([user, agentId], ["demo", "a84c4af3aac6f4479a6741d9df0cda65"]);
  for (const method of ["get_public_key", "decrypt_scores", "decrypt_metadata", "manage_tokens"]) {
    assert.equal(call(method).name, "admin");
  }
});

for (
  const { name, text } of [
    { name: "unknown", text: "evt_ffffffffffffffffffffffffffffffff" },
    { name: "empty", text: "" },
    { name: "upper-cased", text: DEMO_TOKEN.token.toUpperCase() },
    { name: "space-padded", text: ` ${DEMO_TOKEN.token} ` },
    { name: "old hard-coded", text: "envector-team-alpha" },
    { name: "shortened", text: DEMO_TOKEN.token.slice(0, -1) },
    { name: "digest", text: "a84c4af3aac6f4479a6741d9df0cda65" },
  ]
) {
  Deno.test(`TokenService.authorize() refuses an ${name} token`, async () => {
    const { service } = await setUp(DEMO_TOKEN);
    assert.equal(service.find(text), undefined);
    assert.throws(() => service.authorize(service.find(text), "get_public_key"), UNKNOWN);
  });
}

for (
  const { name, stored, want } of [
    { name: "accepts a token on its expiry day", stored: { expires: "2026-11-22" }, want: undefined },
    {
      name: "refuses a token the day after",
      stored: { expires: "2026-11-21" },
      want: { code: "UNAUTHENTICATED", message: "Token expired for user 'bob'" },
    },
    {
      name: "refuses an expiry that cannot be read",
      stored: { expires: "nope" },
      want: { code: "UNAUTHENTICATED", message: "Invalid isoformat string: 'nope'" },
    },
    { name: "refuses a token whose role is gone like an unknown one", stored: { role: "gone" }, want: UNKNOWN },
    {
      name: "looks at the expiry before the role",
      stored: { role: "gone", expires: "2026-11-21" },
      want: { code: "UNAUTHENTICATED", message: "Token expired for user 'bob'" },
    },
  ]
) {
  Deno.test(`TokenService.authorize() ${name}`, async () => {
    const { service, call } = await setUp(token(stored));
    assert.equal(service.find("evt_bob")?.user, "bob");
    if (want) assert.throws(call, want);
    else assert.equal(call(), service.listRoles()[0]);
  });
}

for (
  const { stored, method, want } of [
    { stored: {}, method: "get_public_key", want: [] },
    { stored: { expires: "2026-11-21" }, method: "get_public_key", want: ["expired"] },
    { stored: { expires: "nope" }, method: "get_public_key", want: ["unreadable"] },
    { stored: { role: "gone" }, method: "get_public_key", want: ["no_role"] },
    { stored: {}, method: "decrypt_scores", want: ["scope"] },
  ]
) {
  Deno.test(`TokenService.authorize() tells the metrics of ${want[0] ?? "nothing but the attempt"}`, async () => {
    const { call, counts } = await setUp(token(stored));
    if (want.length > 0) assert.throws(() => call(method));
    else call(method);
    assert.deepEqual([counts.attempts, counts.failures, counts.rateLimited], [1, want, 0]);
  });
}

Deno.test("TokenService.authorize() tells the metrics of unknown tokens and of the rate limit", async () => {
  const { service, call, counts } = await setUp(token(), [{ ...narrow, rateLimit: "1/60s" }]);
  assert.throws(() => service.authorize(undefined, "get_public_key"), UNKNOWN);
  call();
  assert.throws(call, /Rate limit/);
  assert.deepEqual([counts.attempts, counts.failures, counts.rateLimited], [3, ["unknown"], 1]);
});

Deno.test("TokenService.authorize() goes by the calendar day, not by 24 hours", async () => {
  const { call, clock } = await setUp(token({ expires: "2026-11-22" }));
  clock.advanceSeconds(11 * 3600 + 3599);
  call();
  clock.advanceSeconds(1);
  assert.throws(call, { message: "Token expired for user 'bob'" });
});

Deno.test("TokenService.authorize() uses up a slot for a call out of scope, before it refuses the scope", async () => {
  const { call } = await setUp(token());
  const denied = { code: "PERMISSION_DENIED", message: "Method 'decrypt_scores' not permitted for role 'narrow'" };
  assert.throws(() => call("decrypt_scores"), denied);
  assert.throws(() => call("decrypt_scores"), denied);
  const limited = { code: "RESOURCE_EXHAUSTED", message: "Rate limit exceeded. Retry after 60s" };
  assert.throws(() => call("decrypt_scores"), limited);
  assert.throws(() => call(), limited);
});

Deno.test("TokenService.authorize() uses up no slot for an expired token", async () => {
  const { call, clock } = await setUp(token({ expires: "2026-11-21" }), [{ ...narrow, rateLimit: "1/60s" }]);
  assert.throws(call, /expired/);
  clock.advanceDays(-1);
  call();
});

Deno.test("TokenService.authorize() tells how long to wait and admits again after the window", async () => {
  const { call, clock } = await setUp(token(), [{ ...narrow, rateLimit: "1/10" }]);
  call();
  clock.advanceSeconds(3);
  assert.throws(call, { message: "Rate limit exceeded. Retry after 7s" });
  clock.advanceSeconds(7);
  call();
});

Deno.test("TokenService.authorize() refuses a stored rate limit that cannot be read", async () => {
  const { call } = await setUp(token(), [{ ...narrow, rateLimit: "often" }]);
  assert.throws(call, { code: "UNAUTHENTICATED", message: /^Invalid rate_limit format 'often'/ });
});

Deno.test("TokenService.authorize() gives each user a budget of its own", async () => {
  const { service } = await openTestService({
    roles: [narrow],
    tokens: [token(), token({ user: "al", token: "evt_al" })],
  });
  const call = (text: string) => service.authorize(service.find(text), "get_public_key");
  for (let i = 0; i < 2; i++) call("evt_bob");
  assert.throws(() => call("evt_bob"), { code: "RESOURCE_EXHAUSTED" });
  call("evt_al");
});

for (
  const { name, change, fresh } of [
    {
      name: "fresh after the role's rate limit was set to the same value",
      change: { rateLimit: "2/60s" },
      fresh: true,
    },
    {
      name: "the same after the role's scope and top_k were changed",
      change: { scope: ["get_public_key"], topK: 1 },
      fresh: false,
    },
  ]
) {
  Deno.test(`TokenService.authorize() finds the budget ${name}`, async () => {
    const { service, call } = await setUp(token());
    for (let i = 0; i < 2; i++) call();
    await service.updateRole("narrow", change);
    if (fresh) call();
    else assert.throws(call, { code: "RESOURCE_EXHAUSTED" });
  });
}

Deno.test("TokenService.authorize() starts a fresh budget for a rotated token", async () => {
  const { service, call } = await setUp(token());
  for (let i = 0; i < 2; i++) call();
  const rotated = await service.rotate("bob");
  service.authorize(service.find(rotated.token), "get_public_key");
});

Deno.test("TokenService.authorize() survives 50 concurrent callers and admits exactly the budget", async () => {
  const { call } = await setUp(token(), [{ ...narrow, rateLimit: "20/60s" }]);
  const outcomes = await Promise.allSettled(Array.from({ length: 50 }, async () => {
    await Promise.resolve();
    return call();
  }));
  assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 20);
});
