import assert from "node:assert/strict";
import fc from "fast-check";
import { AttemptsFailed, withRetries } from "./retry.ts";

const NEVER = new AbortController().signal;

/** Fails `failures` times; what was paused, and how the last attempt ended. */
async function attemptAll({ failures, maxRetries, random = () => 0.999999, signal = NEVER }: {
  failures: number;
  maxRetries: number;
  random?: () => number;
  signal?: AbortSignal;
}) {
  const pauses: number[] = [];
  let attempts = 0;
  const attempt = () => ++attempts > failures ? Promise.resolve("done") : Promise.reject(new Error(`no ${attempts}`));
  const pause = (ms: number, { aborted }: AbortSignal) => {
    pauses.push(Math.round(ms));
    return aborted ? Promise.reject(new Error("aborted")) : Promise.resolve();
  };
  const options = { maxRetries, pause, random, signal };
  const outcome = await withRetries(attempt, () => true, options).catch((reason: AttemptsFailed) => reason);
  return { outcome, attempts, pauses };
}

Deno.test("withRetries() doubles the limit of its pauses six times and no more", async () => {
  const { outcome, pauses } = await attemptAll({ failures: 9, maxRetries: 9 });
  assert.equal(outcome, "done");
  assert.deepEqual(pauses, [100, 200, 400, 800, 1600, 3200, 6400, 6400, 6400]);
});

Deno.test("withRetries() makes one attempt and as many more as it is told, and gives the last reason", async () => {
  for (const maxRetries of [0, 1, 5]) {
    const { outcome, attempts, pauses } = await attemptAll({ failures: 99, maxRetries });
    assert.equal(attempts, maxRetries + 1);
    assert.equal(pauses.length, maxRetries);
    assert.ok(outcome instanceof AttemptsFailed);
    assert.deepEqual([outcome.attempts, (outcome.reason as Error).message], [attempts, `no ${attempts}`]);
  }
});

Deno.test("withRetries() pauses anything from nothing to the limit", async () => {
  await fc.assert(
    fc.asyncProperty(fc.double({ min: 0, max: 0.999999, noNaN: true }), fc.nat(12), async (at, failures) => {
      const { pauses } = await attemptAll({ failures, maxRetries: 12, random: () => at });
      assert.deepEqual(pauses, Array.from({ length: failures }, (_, n) => Math.round(at * 100 * 2 ** Math.min(n, 6))));
    }),
  );
});

Deno.test("withRetries() goes on no more once its signal is aborted", async () => {
  const { attempts, pauses } = await attemptAll({ failures: 9, maxRetries: 9, signal: AbortSignal.abort() });
  assert.deepEqual([attempts, pauses], [1, []]);
});

Deno.test("withRetries() attempts nothing anew that failed for good", async () => {
  let attempts = 0;
  const attempt = () => Promise.reject(new Error(`no ${++attempts}`));
  const options = { maxRetries: 9, pause: () => Promise.resolve(), random: () => 0, signal: NEVER };
  await assert.rejects(withRetries(attempt, () => false, options), { name: "AttemptsFailed" });
  assert.equal(attempts, 1);
});
