import assert from "node:assert/strict";
import { SlidingWindow } from "./sliding_window.ts";

/** Runs calls at the given seconds; each one gives `true` or the seconds to wait. */
function run(maxCalls: number, windowSeconds: number, times: readonly number[]): (true | number)[] {
  let now = 0;
  const window = new SlidingWindow({ maxCalls, windowSeconds }, { now: () => NaN, monotonic: () => now });
  return times.map((seconds) => {
    now = seconds * 1000;
    return window.tryAcquire() || window.retryAfterSeconds();
  });
}

for (
  const { name, limit, times, want } of [
    { name: "allows n calls within a limit of n", limit: [3, 60], times: [0, 0, 0], want: [true, true, true] },
    { name: "denies call n + 1", limit: [2, 60], times: [0, 0, 0], want: [true, true, 60] },
    { name: "rounds the wait down", limit: [1, 10], times: [0, 3.5], want: [true, 6] },
    {
      name: "allows again when the window is over, to the millisecond",
      limit: [1, 10],
      times: [0, 9.999, 10],
      want: [true, 0, true],
    },
    { name: "does not count refused calls", limit: [1, 10], times: [0, 5, 9, 10], want: [true, 5, 1, true] },
    {
      name: "slides: each call leaves on its own",
      limit: [2, 10],
      times: [0, 6, 7, 10, 11, 16],
      want: [true, true, 3, true, 5, true],
    },
    { name: "always denies 0 calls, with no wait to tell", limit: [0, 60], times: [0, 100], want: [0, 0] },
    { name: "never denies in a window of 0 s", limit: [1, 0], times: [0, 0, 0], want: [true, true, true] },
    { name: "always denies a negative maximum", limit: [-1, 60], times: [0], want: [0] },
    { name: "never denies in a negative window", limit: [1, -5], times: [0, 0], want: [true, true] },
  ]
) {
  Deno.test(`SlidingWindow ${name}`, () => {
    assert.deepEqual(run(limit[0], limit[1], times), want);
  });
}

Deno.test("SlidingWindow agrees with a plain list of times over 20,000 calls that wrap its ring", () => {
  let now = 0, seed = 1;
  let kept: number[] = [];
  const window = new SlidingWindow({ maxCalls: 13, windowSeconds: 1 }, { now: () => NaN, monotonic: () => now });
  for (let i = 0; i < 20_000; i++) {
    seed = (seed * 48_271) % 2_147_483_647;
    now += seed % 150;
    kept = kept.filter((time) => now - time < 1000);
    const allowed = kept.length < 13;
    if (allowed) kept.push(now);
    assert.equal(window.tryAcquire(), allowed, `call ${i}`);
    assert.equal(window.retryAfterSeconds(), Math.floor((1000 - (now - kept[0])) / 1000), `wait ${i}`);
  }
});
