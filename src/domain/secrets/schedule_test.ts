import assert from "node:assert/strict";
import fc from "fast-check";
import { graceEnd, isDue, isLive, LAST_SECOND, nextRotation } from "./schedule.ts";

Deno.test("isDue() holds from the second of the next rotation on, and never without one", () => {
  assert.deepEqual([4599, 4600, 4601].map((now) => isDue(4600, now)), [false, true, true]);
  assert.equal(isDue(null, LAST_SECOND), false);
});

Deno.test("nextRotation() and graceEnd() add seconds", () => {
  assert.deepEqual([nextRotation(1000, 3600), graceEnd(1000, 300)], [4600, 1300]);
});

Deno.test("isLive(): the current version never expires, a superseded one at the end of its grace, at once with none", () => {
  assert.equal(isLive(null, LAST_SECOND), true);
  assert.deepEqual([1000, 1299, 1300].map((now) => isLive(graceEnd(1000, 300), now)), [true, true, false]);
  assert.equal(isLive(graceEnd(1000, 0), 1000), false);
});

Deno.test("no interval or grace leads out of what a time can say", () => {
  fc.assert(fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (now, seconds) => {
    for (const end of [nextRotation(now, seconds), graceEnd(now, seconds)]) {
      assert.ok(Number.isSafeInteger(end) && end <= LAST_SECOND);
      assert.match(new Date(end * 1000).toISOString(), /Z$/);
    }
  }));
});
