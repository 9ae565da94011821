import assert from "node:assert/strict";
import type { Role, Token } from "#ports/state_store.ts";
import { RateLimitExceeded } from "./mod.ts";
import { openTestService } from "./testing.ts";

const ROLE: Role = { name: "scopeless", scope: [], topK: 1, rateLimit: "2/60s" };
const BOB: Token = { user: "bob", token: "evt_bob", role: "scopeless", issuedAt: "2026-11-01" };

async function setUp(change: Partial<Token> = {}, roles = [ROLE]) {
  const { service, clock, counts } = await openTestService({ tokens: [{ ...BOB, ...change }], roles });
  return { service, clock, counts, admit: (token = BOB.token) => service.admit(service.find(token)) };
}

Deno.test("TokenService.admit() asks for no scope, and takes slots of the same budget as authorize()", async () => {
  const { service, clock, counts, admit } = await setUp();
  assert.equal(admit().name, "scopeless");
  assert.throws(() => service.authorize(service.find(BOB.token), "decrypt_scores"), { code: "PERMISSION_DENIED" });
  clock.advanceSeconds(15);
  assert.throws(() => admit(), (reason) => reason instanceof RateLimitExceeded && reason.retryAfterSeconds === 45);
  assert.deepEqual([counts.attempts, counts.rateLimited, counts.failures], [3, 1, ["scope"]]);
});

for (
  const { name, change = {}, token, roles, reason } of [
    { name: "an unknown token", token: "evt_other", reason: "unknown" },
    { name: "an expired token", change: { expires: "2026-11-21" }, reason: "expired" },
    { name: "a token whose role is gone", roles: [], reason: "no_role" },
    { name: "a token whose date cannot be read", change: { expires: "soon" }, reason: "unreadable" },
  ] as { name: string; change?: Partial<Token>; token?: string; roles?: Role[]; reason: string }[]
) {
  Deno.test(`TokenService.admit() refuses ${name}, and counts it as ${reason}`, async () => {
    const { counts, admit } = await setUp(change, roles);
    assert.throws(() => admit(token), { code: "UNAUTHENTICATED" });
    assert.deepEqual(counts.failures, [reason]);
  });
}

Deno.test("TokenService.holds() is true until the token is rotated or revoked", async () => {
  const { service } = await setUp();
  const holder = service.find(BOB.token);
  assert.equal(service.holds(holder), true);
  const { token } = await service.rotate("bob");
  assert.equal(service.holds(holder), false);
  const fresh = service.find(token);
  assert.equal(service.holds(fresh), true);
  const revoking = service.revoke("bob");
  assert.equal(service.holds(fresh), false);
  assert.equal(service.holds(undefined), false);
  await revoking;
});
