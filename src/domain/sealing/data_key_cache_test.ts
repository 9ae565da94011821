import assert from "node:assert/strict";
import fc from "fast-check";
import { TestClock } from "#domain/tokens/testing.ts";
import { VaultError } from "#errors/mod.ts";
import type { KeyEncryption } from "#ports/key_encryption.ts";
import type { Timer } from "#ports/timer.ts";
import { LocalKeys } from "./local_keys.ts";
import { DataKeyCache, EnvelopeSealer } from "./mod.ts";
import { decode, encode, flipped } from "./testing.ts";

/** Local keys behind a line that counts what is asked of them and can be cut. */
class Service implements KeyEncryption {
  readonly keyId = "local";
  isAway = false;
  /** The buffers that unwrap() gave away. */
  readonly given: Uint8Array[] = [];
  unwraps = 0;
  closed = 0;
  readonly #keys = new LocalKeys({ keyId: "local", keys: new Map([["local", new Uint8Array(32).fill(1)]]) });

  generate: KeyEncryption["generate"] = (context) => this.#ask(() => this.#keys.generate(context));
  rewrap: KeyEncryption["rewrap"] = (wrapped, context) => this.#ask(() => this.#keys.rewrap(wrapped, context));
  lastRotation = () => this.#ask(() => Promise.resolve(7));
  close = () => (this.closed++, this.#keys.close());
  unwrap: KeyEncryption["unwrap"] = async (wrapped, context) => {
    this.unwraps++;
    const dataKey = await this.#ask(() => this.#keys.unwrap(wrapped, context));
    this.given.push(dataKey);
    return dataKey;
  };

  #ask<T>(answer: () => Promise<T>): Promise<T> {
    return this.isAway ? Promise.reject(new VaultError("UNAVAILABLE", "away")) : answer();
  }
}

/** A timer that goes off when it is told to. */
class TestTimer {
  /** What is to run, and in how many milliseconds from when it was set. */
  set: { readonly run: () => void; readonly milliseconds: number } | undefined;

  readonly start: Timer = (run, milliseconds) => {
    assert.equal(this.set, undefined, "one timer at a time");
    this.set = { run, milliseconds };
    return () => this.set = undefined;
  };

  goOff(): void {
    const { run } = this.set!;
    this.set = undefined;
    run();
  }
}

function cached({ ttlSeconds = 300, maxKeys }: { ttlSeconds?: number; maxKeys?: number } = {}) {
  const service = new Service(), clock = new TestClock(), timer = new TestTimer();
  return {
    service,
    clock,
    timer,
    cache: new DataKeyCache(service, { clock, timer: timer.start, ttlSeconds, maxKeys }),
  };
}

const CONTEXT = { secret: "db/password", version: 1 };

Deno.test("DataKeyCache asks once for a key, until its time is up however often it was used", async () => {
  const { service, clock, cache } = cached();
  const { dataKey, ...wrapped } = await cache.generate(CONTEXT);
  for (const { after, unwraps } of [{ after: 0, unwraps: 1 }, { after: 299, unwraps: 1 }, { after: 1, unwraps: 2 }]) {
    clock.advanceSeconds(after);
    const key = await cache.unwrap(wrapped, CONTEXT);
    assert.deepEqual(key, dataKey);
    key.fill(0); // the caller's copy, as it must
    assert.equal(service.unwraps, unwraps);
  }
});

Deno.test("DataKeyCache is filled by unwrap() alone", async () => {
  const { cache } = cached();
  const { keyId, wrapped } = await cache.generate(CONTEXT);
  await cache.rewrap({ keyId, wrapped }, CONTEXT);
  assert.equal(cache.size, 0);
  await cache.unwrap({ keyId, wrapped }, CONTEXT);
  assert.equal(cache.size, 1);
  assert.equal(await cache.lastRotation(), 7);
  assert.equal(cache.keyId, "local");
});

Deno.test("DataKeyCache without room stores nothing", async () => {
  const { cache } = cached({ maxKeys: 0 });
  await cache.unwrap(await cache.generate(CONTEXT), CONTEXT);
  assert.equal(cache.size, 0);
});

Deno.test("DataKeyCache with no time to live stores nothing", async () => {
  const { service, cache } = cached({ ttlSeconds: 0 });
  const wrapped = await cache.generate(CONTEXT);
  for (let i = 0; i < 3; i++) await cache.unwrap(wrapped, CONTEXT);
  assert.equal(service.unwraps, 3);
  assert.equal(cache.size, 0);
});

Deno.test("DataKeyCache never holds more than 16,384 keys", async () => {
  const { service, cache } = cached({ maxKeys: 1_000_000 });
  const { keyId, wrapped } = await cache.generate(CONTEXT);
  for (let version = 0; version < 16_384 + 100; version++) {
    await cache.unwrap({ keyId, wrapped }, { secret: "a/b", version });
  }
  assert.equal(cache.size, 16_384);
  const before = service.unwraps;
  await cache.unwrap({ keyId, wrapped }, { secret: "a/b", version: 100 });
  assert.equal(service.unwraps, before); // the oldest hundred went
  await cache.unwrap({ keyId, wrapped }, { secret: "a/b", version: 99 });
  assert.equal(service.unwraps, before + 1);
});

Deno.test("DataKeyCache that is full drops expired keys first, then the oldest", async () => {
  const { service, clock, cache } = cached({ maxKeys: 3, ttlSeconds: 10 });
  const wrapped = await cache.generate(CONTEXT);
  const use = (version: number) => cache.unwrap(wrapped, { secret: "a/b", version });
  await use(1);
  await use(2);
  clock.advanceSeconds(9);
  await use(3);
  clock.advanceSeconds(1); // 1 and 2 are over
  await use(4);
  assert.equal(cache.size, 2);
  await use(5);
  await use(6); // 3 goes
  assert.equal(cache.size, 3);
  const before = service.unwraps;
  for (const version of [4, 5, 6]) await use(version);
  assert.equal(service.unwraps, before);
  await use(3);
  assert.equal(service.unwraps, before + 1);
});

Deno.test("DataKeyCache gives a key only for the same wrapped key, key id, name and version", async () => {
  const { service, cache } = cached();
  const { keyId, wrapped } = await cache.generate(CONTEXT);
  await cache.unwrap({ keyId, wrapped }, CONTEXT);
  service.isAway = true;
  assert.equal((await cache.unwrap({ keyId, wrapped }, CONTEXT)).length, 32);
  for (
    const [other, context] of [
      [{ keyId, wrapped: flipped(wrapped, 71) }, CONTEXT],
      [{ keyId: "other", wrapped }, CONTEXT],
      [{ keyId, wrapped }, { ...CONTEXT, secret: "db/passwor" }],
      [{ keyId, wrapped }, { ...CONTEXT, version: 11 }],
    ] as const
  ) await assert.rejects(cache.unwrap(other, context), { code: "UNAVAILABLE" });
});

Deno.test("DataKeyCache gives a key that was wrapped anew the place and the time of the one before, and wipes that", async () => {
  const { service, clock, cache } = cached({ ttlSeconds: 10 });
  const first = await cache.generate(CONTEXT), second = await cache.generate(CONTEXT);
  await cache.unwrap(first, CONTEXT);
  clock.advanceSeconds(6);
  for (let i = 0; i < 2; i++) assert.deepEqual(await cache.unwrap(second, CONTEXT), second.dataKey);
  assert.deepEqual([service.unwraps, cache.size], [2, 1]);
  assert.deepEqual(service.given.map((key) => key.every((byte) => byte === 0)), [true, false]);
  clock.advanceSeconds(4);
  await cache.unwrap(second, CONTEXT);
  assert.equal(service.unwraps, 3);
});

Deno.test("DataKeyCache keeps cached versions readable while the service is away, and writes are refused", async () => {
  const { service, cache, clock } = cached();
  const sealer = new EnvelopeSealer({ keys: cache });
  const read = await sealer.seal("a/read", 1, encode("one")), unread = await sealer.seal("a/unread", 1, encode("two"));
  await sealer.open("a/read", 1, read);
  service.isAway = true;
  assert.equal(decode(await sealer.open("a/read", 1, read)), "one");
  await assert.rejects(sealer.open("a/unread", 1, unread), { code: "UNAVAILABLE" });
  await assert.rejects(sealer.seal("a/read", 2, encode("three")), { code: "UNAVAILABLE" });
  clock.advanceSeconds(300);
  await assert.rejects(sealer.open("a/read", 1, read), { code: "UNAVAILABLE" });
});

Deno.test("DataKeyCache wipes what expires, what has to make room and what is left at the end", async () => {
  const { service, clock, timer, cache } = cached({ maxKeys: 2, ttlSeconds: 10 });
  const wrapped = await cache.generate(CONTEXT);
  const wiped = () => service.given.map((key) => key.every((byte) => byte === 0));
  const own = await cache.unwrap(wrapped, { secret: "a/b", version: 1 });
  for (const version of [2, 3]) await cache.unwrap(wrapped, { secret: "a/b", version });
  assert.deepEqual(wiped(), [true, false, false]);
  assert.equal(own.every((byte) => byte === 0), false);
  clock.advanceSeconds(10);
  timer.goOff();
  assert.deepEqual(wiped(), [true, true, true]);
  await cache.unwrap(wrapped, { secret: "a/b", version: 4 });
  await cache.close();
  assert.deepEqual(wiped(), [true, true, true, true]);
});

Deno.test("DataKeyCache sets its timer for the next key that expires, and none when it is empty or closed", async () => {
  const { service, clock, timer, cache } = cached({ ttlSeconds: 10 });
  const wrapped = await cache.generate(CONTEXT);
  assert.equal(timer.set, undefined);
  await cache.unwrap(wrapped, { secret: "a/b", version: 1 });
  assert.equal(timer.set!.milliseconds, 10_000);
  clock.advanceSeconds(4);
  await cache.unwrap(wrapped, { secret: "a/b", version: 2 });
  clock.advanceSeconds(6);
  timer.goOff();
  assert.equal(cache.size, 1);
  assert.equal(timer.set!.milliseconds, 4000);
  clock.advanceSeconds(4);
  timer.goOff();
  assert.equal(timer.set, undefined);
  await cache.unwrap(wrapped, { secret: "a/b", version: 2 });
  assert.equal(service.unwraps, 3);
  assert.equal(timer.set!.milliseconds, 10_000);
  await cache.close();
  assert.equal(timer.set, undefined);
});

Deno.test("DataKeyCache.close() ends the service, and keeps nothing of an unwrap under way", async () => {
  const { service, cache } = cached();
  const wrapped = await cache.generate(CONTEXT);
  await cache.unwrap(wrapped, CONTEXT);
  const late = cache.unwrap(wrapped, { ...CONTEXT, version: 2 });
  await cache.close();
  await late;
  assert.equal(cache.size, 0);
  assert.equal(service.closed, 1);
});

Deno.test("DataKeyCache agrees with a plain list of times under any use", async () => {
  const step = fc.oneof(
    fc.record({ use: fc.nat(5) }),
    fc.record({ wait: fc.integer({ min: 0, max: 12 }) }),
  );
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
    const { service, clock, cache } = cached({ ttlSeconds: 10, maxKeys: 3 });
    const wrapped = await cache.generate(CONTEXT);
    let model: { version: number; until: number }[] = [], now = 0, asked = 0;
    for (const taken of steps) {
      if ("wait" in taken) {
        now += taken.wait;
        clock.advanceSeconds(taken.wait);
        continue;
      }
      model = model.filter(({ until }) => until > now);
      if (!model.some(({ version }) => version === taken.use)) {
        asked++;
        model = [...model.slice(model.length === 3 ? 1 : 0), { version: taken.use, until: now + 10 }];
      }
      await cache.unwrap(wrapped, { secret: "a/b", version: taken.use });
      assert.deepEqual([service.unwraps, cache.size], [asked, model.length]);
    }
  }));
});
