import assert from "node:assert/strict";
import fc from "fast-check";
import { TestClock } from "#domain/tokens/testing.ts";
import type { Clock } from "#ports/clock.ts";
import { Lockout, type LockoutSettings } from "./mod.ts";
import { MemoryLockoutStore } from "./testing.ts";

const DEFAULTS: LockoutSettings = { maxFailures: 5, windowSeconds: 300, lockoutSeconds: 900 };
const A = "192.0.2.1", B = "2001:db8::/64";

async function open(
  settings: Partial<LockoutSettings> = {},
  { clock = new TestClock(), store = new MemoryLockoutStore(), maxAddresses }: {
    clock?: Clock;
    store?: MemoryLockoutStore;
    maxAddresses?: number;
  } = {},
) {
  const logged: string[] = [];
  const log = (_: string, message: string) => void logged.push(message);
  const lockout = await Lockout.open({ ...DEFAULTS, ...settings }, { store, clock, log, maxAddresses });
  return { lockout, clock: clock as TestClock, store, logged };
}

function fail(lockout: Lockout, address: string, times: number): void {
  for (let i = 0; i < times; i++) lockout.fail(address);
}

Deno.test("Lockout follows the timeline of A.13: five failures lock for 900 seconds, calls meanwhile change nothing", async () => {
  const { lockout, clock } = await open();
  for (let i = 0; i < 5; i++) {
    assert.equal(lockout.retryAfterSeconds(A), 0);
    lockout.fail(A);
    if (i < 4) clock.advanceSeconds(10);
  }
  assert.equal(lockout.retryAfterSeconds(A), 900);
  clock.advanceSeconds(1);
  assert.equal(lockout.retryAfterSeconds(A), 899);
  fail(lockout, A, 10);
  lockout.succeed(A);
  clock.advanceSeconds(898);
  assert.equal(lockout.retryAfterSeconds(A), 1);
  clock.advanceSeconds(1);
  assert.equal(lockout.retryAfterSeconds(A), 0);
  clock.advanceSeconds(1);
  lockout.fail(A);
  assert.deepEqual(lockout.list(), [{ address: A, failures: 1, retryAfterSeconds: 0 }]);
});

Deno.test("Lockout's window is fixed: it starts with the first failure, and one at its end starts another", async () => {
  const { lockout, clock } = await open();
  lockout.fail(A);
  clock.advanceSeconds(299);
  fail(lockout, A, 3);
  clock.advanceSeconds(1);
  fail(lockout, A, 4);
  assert.equal(lockout.retryAfterSeconds(A), 0);
  lockout.fail(A);
  assert.equal(lockout.retryAfterSeconds(A), 900);
});

Deno.test("Lockout keeps the count when a lock ends within its window: the next failure locks again", async () => {
  const { lockout, clock } = await open({ lockoutSeconds: 60 });
  fail(lockout, A, 5);
  clock.advanceSeconds(60);
  assert.equal(lockout.retryAfterSeconds(A), 0);
  lockout.fail(A);
  assert.equal(lockout.retryAfterSeconds(A), 60);
});

Deno.test("Lockout forgets failures at a success, of that address alone", async () => {
  const { lockout } = await open();
  fail(lockout, A, 4);
  fail(lockout, B, 4);
  lockout.succeed(A);
  fail(lockout, A, 4);
  lockout.fail(B);
  assert.equal(lockout.retryAfterSeconds(A), 0);
  assert.equal(lockout.retryAfterSeconds(B), 900);
});

Deno.test("Lockout with max_failures 0 never locks, not even what the store says", async () => {
  const store = new MemoryLockoutStore();
  const first = await open({}, { store });
  fail(first.lockout, A, 5);
  await first.lockout.flush();
  const { lockout } = await open({ maxFailures: 0 }, { store });
  assert.equal(lockout.retryAfterSeconds(A), 0);
  fail(lockout, A, 100);
  assert.deepEqual(lockout.list(), []);
});

Deno.test("Lockout with max_failures 1 locks at the first failure", async () => {
  const { lockout } = await open({ maxFailures: 1 });
  lockout.fail(A);
  assert.equal(lockout.retryAfterSeconds(A), 900);
});

Deno.test("Lockout lists and clears, one address or all, durably", async () => {
  const { lockout, store } = await open();
  fail(lockout, A, 5);
  fail(lockout, B, 2);
  assert.deepEqual(lockout.list(), [
    { address: A, failures: 5, retryAfterSeconds: 900 },
    { address: B, failures: 2, retryAfterSeconds: 0 },
  ]);
  assert.equal(await lockout.clear("192.0.2.9"), 0);
  assert.equal(await lockout.clear(A), 1);
  assert.equal(lockout.retryAfterSeconds(A), 0);
  assert.equal(store.records.size, 0);
  fail(lockout, A, 5);
  assert.equal(await lockout.clear(), 2);
  assert.deepEqual(lockout.list(), []);
  assert.equal(store.records.size, 0);
});

Deno.test("Lockout survives a restart: locks at once, counts when it closes", async () => {
  const store = new MemoryLockoutStore(), clock = new TestClock();
  const { lockout } = await open({}, { store, clock });
  fail(lockout, A, 5);
  fail(lockout, B, 4);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual([...store.records.keys()], [A], "a lock waits for nothing");
  await lockout.flush();
  clock.advanceSeconds(100);
  const restarted = (await open({}, { store, clock })).lockout;
  assert.equal(restarted.retryAfterSeconds(A), 800);
  restarted.fail(B);
  assert.equal(restarted.retryAfterSeconds(B), 900);
});

Deno.test("Lockout drops from the store what has ended", async () => {
  const store = new MemoryLockoutStore(), clock = new TestClock();
  const { lockout } = await open({}, { store, clock });
  fail(lockout, A, 5);
  clock.advanceSeconds(901);
  fail(lockout, B, 5);
  await lockout.flush();
  assert.deepEqual([...store.records.keys()], [B]);
  clock.advanceSeconds(901);
  await (await open({}, { store, clock })).lockout.flush();
  assert.equal(store.records.size, 0);
});

/** The wall clock and the monotonic one, apart. */
class TwoClocks implements Clock {
  wall = 1_800_000_000_000;
  steady = 50_000;
  now = () => this.wall;
  monotonic = () => this.steady;
}

for (const jump of [-1e15, -86_400_000, -1, 86_400_000, 1e15]) {
  Deno.test(`Lockout neither locks nor frees anybody when the host's clock jumps by ${jump} ms`, async () => {
    const clock = new TwoClocks(), store = new MemoryLockoutStore();
    const { lockout } = await open({}, { clock, store });
    fail(lockout, A, 5);
    fail(lockout, B, 1);
    clock.wall += jump;
    clock.steady += 1000;
    assert.equal(lockout.retryAfterSeconds(A), 899);
    fail(lockout, B, 3);
    assert.equal(lockout.retryAfterSeconds(B), 0);
    lockout.fail(B);
    assert.equal(lockout.retryAfterSeconds(B), 900);
  });
}

Deno.test("Lockout restored under a clock that was set back locks for no longer than it would at first", async () => {
  const clock = new TwoClocks(), store = new MemoryLockoutStore();
  const { lockout } = await open({}, { clock, store });
  fail(lockout, A, 5);
  await lockout.flush();
  clock.wall -= 86_400_000;
  const restarted = (await open({}, { clock, store })).lockout;
  assert.equal(restarted.retryAfterSeconds(A), 900);
});

Deno.test("Lockout restored under a clock that was set back counts for no longer than one window", async () => {
  const clock = new TwoClocks(), store = new MemoryLockoutStore();
  const { lockout } = await open({}, { clock, store });
  fail(lockout, A, 4);
  await lockout.flush();
  clock.wall -= 86_400_000;
  const restarted = (await open({}, { clock, store })).lockout;
  clock.steady += 300_000;
  restarted.fail(A);
  assert.deepEqual(restarted.list(), [{ address: A, failures: 1, retryAfterSeconds: 0 }]);
});

Deno.test("Lockout takes any record a damaged store may hold", async () => {
  const numbers = fc.oneof(fc.double(), fc.maxSafeInteger(), fc.constantFrom(Infinity, -Infinity, NaN, 0));
  await fc.assert(
    fc.asyncProperty(numbers, numbers, fc.option(numbers), async (failures, windowStartedAt, lockedUntil) => {
      const store = new MemoryLockoutStore();
      store.records.set(A, { address: A, failures, windowStartedAt, lockedUntil });
      const { lockout } = await open({}, { store });
      const left = lockout.retryAfterSeconds(A);
      assert.ok(left >= 0 && left <= 900, String(left));
      fail(lockout, A, 5);
      assert.ok(lockout.retryAfterSeconds(A) > 0);
    }),
  );
});

Deno.test("Lockout's memory is bounded, and no number of failing addresses frees a locked one", async () => {
  const { lockout } = await open({}, { maxAddresses: 100 });
  fail(lockout, A, 5);
  for (let i = 0; i < 1000; i++) fail(lockout, `198.51.100.${i}`, 4);
  assert.equal(lockout.retryAfterSeconds(A), 900);
  assert.equal(lockout.list().length, 101);
  assert.deepEqual(lockout.list().at(-1), { address: "198.51.100.999", failures: 4, retryAfterSeconds: 0 });
  for (let i = 0; i < 99; i++) fail(lockout, `203.0.113.${i}`, 5);
  assert.equal(lockout.retryAfterSeconds(A), 900, "a full share of locks has room for it");
  fail(lockout, "203.0.113.99", 5);
  assert.equal(lockout.retryAfterSeconds(A), 0, "one lock more, and the oldest goes");
  assert.equal(lockout.list().length, 199);
});

Deno.test("Lockout writes once for many failures, and goes on when the store cannot be written", async () => {
  const { lockout, store, logged } = await open();
  fail(lockout, A, 1000);
  await lockout.flush();
  assert.equal(store.saves, 1);
  store.failure = new Error("disk full");
  fail(lockout, B, 5);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual(logged, ["lockout: not written: disk full"]);
  assert.equal(lockout.retryAfterSeconds(B), 900);
  await assert.rejects(lockout.clear(A), /disk full/);
  assert.equal(lockout.retryAfterSeconds(A), 0);
  store.failure = undefined;
  await lockout.flush();
  assert.deepEqual([...store.records.keys()], [B]);
});

Deno.test("Lockout agrees with A.13 written out, on random failures, successes and waits", async () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.constant("fail" as const) },
    fc.constant("succeed" as const),
    { weight: 2, arbitrary: fc.nat({ max: 40 }) },
  );
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
    const settings = { maxFailures: 3, windowSeconds: 30, lockoutSeconds: 20 };
    const { lockout, clock } = await open(settings);
    let now = 0, count = 0, windowStart = 0, lockedUntil = -1;
    for (const step of steps) {
      if (typeof step === "number") {
        clock.advanceSeconds(step);
        now += step;
      } else if (now >= lockedUntil) {
        if (step === "succeed") count = 0;
        else {
          if (count === 0 || now - windowStart >= 30) [count, windowStart] = [0, now];
          count += 1;
          if (count >= 3) lockedUntil = now + 20;
        }
      }
      if (typeof step !== "number") lockout[step](A);
      assert.equal(lockout.retryAfterSeconds(A), Math.max(0, lockedUntil - now));
    }
  }));
});

Deno.test("Lockout counts an IPv6 network as one, whichever of its addresses come, and frees it by any of them", async () => {
  const { lockout, clock, store } = await open();
  const hosts = Array.from({ length: 5 }, (_, i) => `2001:db8:1:2:${i + 1}::${i}`);
  for (const host of hosts) lockout.fail(host);
  assert.deepEqual(lockout.list(), [{ address: "2001:db8:1:2::/64", failures: 5, retryAfterSeconds: 900 }]);
  assert.equal(lockout.retryAfterSeconds("2001:db8:1:2:ffff:ffff:ffff:ffff"), 900);
  assert.equal(lockout.retryAfterSeconds("2001:db8:1:3::1"), 0);
  await lockout.flush();
  const { lockout: restarted } = await open({}, { clock, store });
  assert.equal(restarted.retryAfterSeconds(hosts[3]), 900);
  assert.equal(await restarted.clear(hosts[0]), 1);
  assert.equal(restarted.retryAfterSeconds(hosts[3]), 0);
  for (const host of hosts) restarted.fail(host);
  assert.equal(await restarted.clear("2001:db8:1:2::/64"), 1);
  for (let i = 0; i < 5; i++) restarted.fail(`192.0.2.${i}`);
  assert.equal(restarted.retryAfterSeconds("192.0.2.1"), 0);
  for (let i = 0; i < 5; i++) restarted.fail("::1");
  assert.deepEqual(restarted.list()[0].address, "::1");
});
