import assert from "node:assert/strict";
import type { Token } from "#ports/state_store.ts";
import { openTestService } from "./testing.ts";

const token = (user: string, change: Partial<Token> = {}): Token => ({
  user,
  token: `evt_${user}`,
  role: "member",
  issuedAt: "2026-11-01",
  ...change,
});

Deno.test("TokenService.countTokens() counts by role and state and finds the next expiry", async () => {
  const { service } = await openTestService({
    tokens: [
      token("a"),
      token("b", { expires: "2026-11-22" }),
      token("c", { expires: "2026-11-21" }),
      token("d", { expires: "soon" }),
      token("e", { role: "gone", expires: "2026-11-01" }),
      token("f", { role: "admin", expires: "2027-01-01" }),
    ],
  });
  const { byRole, users, soonestExpiry } = service.countTokens();
  assert.deepEqual(Object.fromEntries(byRole), {
    admin: { valid: 1, expired: 0, unreadable: 0, no_role: 0 },
    member: { valid: 2, expired: 1, unreadable: 1, no_role: 0 },
    gone: { valid: 0, expired: 0, unreadable: 0, no_role: 1 },
  });
  assert.deepEqual([...users].sort(), ["a", "b", "c", "d", "e", "f"]);
  assert.equal(soonestExpiry, new Date("2026-11-23T00:00:00").getTime(), "the end of the last good day, local time");
});

Deno.test("TokenService.countTokens() knows no expiry where no valid token has one", async () => {
  const { service, clock } = await openTestService({ tokens: [token("a"), token("b", { expires: "2026-11-22" })] });
  assert.notEqual(service.countTokens().soonestExpiry, undefined);
  clock.advanceDays(1);
  const { byRole, soonestExpiry } = service.countTokens();
  assert.equal(soonestExpiry, undefined);
  assert.equal(byRole.get("member")!.expired, 1);
});

Deno.test("TokenService.countTokens() sees a change at once, and counts only after one", async () => {
  const { service } = await openTestService({ tokens: [token("a")] });
  const before = service.countTokens();
  assert.equal(service.countTokens(), before);
  await service.issue({ user: "b", role: "member", expiresDays: 3 });
  assert.equal(service.countTokens().byRole.get("member")!.valid, 2);
  await service.createRole({ name: "new", scope: [], topK: 1, rateLimit: "1/1s" });
  assert.ok(service.countTokens().byRole.has("new"));
});
