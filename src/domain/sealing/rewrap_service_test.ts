import assert from "node:assert/strict";
import { clearImmediate, setImmediate } from "node:timers";
import { SqliteSecretStore } from "#adapters/storage/sqlite/mod.ts";
import { parseAddress, SecretEngine } from "#domain/secrets/mod.ts";
import { TestClock } from "#domain/tokens/testing.ts";
import { VaultError } from "#errors/mod.ts";
import type { KeyEncryption } from "#ports/key_encryption.ts";
import type { StoredVersion } from "#ports/secret_store.ts";
import { LocalKeys } from "./local_keys.ts";
import { EnvelopeSealer, RewrapService, type RewrapServiceOptions } from "./mod.ts";
import { decode, encode } from "./testing.ts";

const MASTERS = { old: 1, new: 2, gone: 3 };

/** A key service with rotations, on local keys; it can be away, and refuse the wrapped keys of one name. */
class Service implements KeyEncryption {
  rotatedAt: number | undefined;
  isAway = false;
  refused = "";
  /** What a rewrap() waits for. */
  before = (): Promise<void> => Promise.resolve();
  readonly #keys: LocalKeys;

  constructor(readonly keyId: keyof typeof MASTERS, others: readonly (keyof typeof MASTERS)[] = ["old", "new"]) {
    const keys = new Map([keyId, ...others].map((id) => [id, new Uint8Array(32).fill(MASTERS[id])]));
    this.#keys = new LocalKeys({ keyId, keys });
  }

  generate: KeyEncryption["generate"] = (context) => this.#ask(() => this.#keys.generate(context));
  unwrap: KeyEncryption["unwrap"] = (wrapped, context) => this.#ask(() => this.#keys.unwrap(wrapped, context));
  lastRotation = () => this.#ask(() => Promise.resolve(this.rotatedAt));
  close = () => this.#keys.close();
  rewrap: KeyEncryption["rewrap"] = async (wrapped, context) => {
    await this.before();
    if (context.secret === this.refused) throw new VaultError("UNAVAILABLE", "refused");
    return await this.#ask(() => this.#keys.rewrap(wrapped, context));
  };

  #ask<T>(answer: () => Promise<T>): Promise<T> {
    return this.isAway ? Promise.reject(new VaultError("UNAVAILABLE", "away")) : answer();
  }
}

/** Secrets a/1 to a/n, each with two versions, in a store in memory. */
async function setUp({ secrets = 3, keyId = "old" as keyof typeof MASTERS } = {}) {
  const store = new SqliteSecretStore(":memory:"), clock = new TestClock(), keys = new Service(keyId);
  const logged: string[] = [], pauses: number[] = [];
  const pause = (ms: number, signal: AbortSignal) => {
    pauses.push(ms);
    return signal.aborted ? Promise.reject(signal.reason) : Promise.resolve();
  };
  const open = (on: KeyEncryption = keys, options?: RewrapServiceOptions) =>
    RewrapService.open({ store, keys: on, clock, pause, log: (_, line) => void logged.push(line) }, options);
  const rewrap = await open();
  const engineOn = (on: KeyEncryption, service = rewrap) => {
    const sealer = new EnvelopeSealer({ keys: on, rotationAt: () => service.rotationAt });
    return new SecretEngine({ store, sealer, clock });
  };
  for (let i = 1; i <= secrets; i++) {
    (await engineOn(keys).create(parseAddress(`a/${i}`), { kind: "manual", value: encode(`first ${i}`) }, "me"))[
      Symbol.dispose
    ]();
    await engineOn(keys).update(parseAddress(`a/${i}`), { value: encode(`second ${i}`), graceSeconds: 99 }, "me");
  }
  const versions = async () => (await store.scanVersions(1000)).map(({ record }) => record as StoredVersion);
  const read = async (on: KeyEncryption) => {
    const sealer = new EnvelopeSealer({ keys: on });
    const values = [];
    for (const { name, version, sealed } of await versions()) {
      values.push(decode(await sealer.open(name, version, sealed)));
    }
    return values;
  };
  return { store, clock, keys, rewrap, open, versions, read, engineOn, logged, pauses };
}

const VALUES = ["first 1", "second 1", "first 2", "second 2", "first 3", "second 3"];
const DONE = { scanned: 6, rewrapped: 6, failed: 0, targetRotationAt: null };

Deno.test("RewrapService moves all versions to the current key, and they open without the old one", async () => {
  const it = await setUp(), before = await it.versions();
  const service = await it.open(new Service("new"));
  assert.equal((await service.status()).pendingVersions, 6);
  assert.deepEqual(await service.rewrap(), DONE);
  const after = await it.versions();
  assert.deepEqual(await it.read(new Service("new", [])), VALUES);
  for (const [i, { sealed }] of after.entries()) {
    const old = before[i].sealed;
    assert.notEqual(sealed.wrappedKey.toHex(), old.wrappedKey.toHex());
    const same = ({ nonce, ciphertext, aad, algorithm }: typeof old) => ({ nonce, ciphertext, aad, algorithm });
    assert.deepEqual(same(sealed), same(old));
    assert.equal(sealed.keyId, "new");
  }
  assert.deepEqual(await service.status(), {
    enabled: false,
    busy: false,
    keyId: "new",
    lastCompletedRotationAt: null,
    latestRotationAt: null,
    totalVersions: 6,
    pendingVersions: 0,
  });
});

Deno.test("RewrapService that has nothing to do touches nothing and does not pause", async () => {
  const it = await setUp(), before = await it.versions();
  assert.deepEqual(await it.rewrap.rewrap(), { ...DONE, rewrapped: 0 });
  assert.deepEqual(await it.versions(), before);
  assert.deepEqual(it.pauses, []);
});

Deno.test("RewrapService that passes over many versions leaves room for other calls", async () => {
  const it = await setUp({ secrets: 250 });
  let turns = 0,
    next = setImmediate(function turn() {
      turns += 1;
      next = setImmediate(turn);
    });
  try {
    await it.rewrap.rewrap();
  } finally {
    clearImmediate(next);
  }
  assert.ok(turns >= 4, `${turns} turns of the event loop for 500 versions`);
});

Deno.test("RewrapService re-wraps what was never stamped, also while no rotation is known", async () => {
  const it = await setUp();
  const [of] = await it.versions();
  await it.store.replaceWrapping({ of, keyId: "old", wrappedKey: of.sealed.wrappedKey, wrappedRotationAt: null });
  assert.deepEqual(await it.rewrap.rewrap(), { ...DONE, rewrapped: 1 });
  assert.equal((await it.versions())[0].sealed.wrappedRotationAt, 0);
  assert.equal(await it.store.readRewrapState(), undefined);
});

Deno.test("RewrapService.tick() takes the first rotation as done, and follows each later one", async () => {
  const it = await setUp(), now = Math.floor(it.clock.now() / 1000);
  await it.rewrap.tick();
  assert.equal(await it.store.readRewrapState(), undefined); // no rotation yet
  it.keys.rotatedAt = 1000;
  await it.rewrap.tick();
  const baseline = { lastCompletedRotationAt: 1000, lastSweptAt: null, updatedAt: now };
  assert.deepEqual(await it.store.readRewrapState(), baseline);
  assert.deepEqual((await it.versions()).map(({ sealed }) => sealed.wrappedRotationAt), [0, 0, 0, 0, 0, 0]);
  it.clock.advanceSeconds(60);
  await it.rewrap.tick();
  assert.deepEqual(await it.store.readRewrapState(), baseline); // nothing new
  it.keys.rotatedAt = 2000;
  assert.equal((await it.rewrap.status()).pendingVersions, 6);
  await it.rewrap.tick();
  assert.deepEqual(await it.store.readRewrapState(), {
    lastCompletedRotationAt: 2000,
    lastSweptAt: now + 60,
    updatedAt: now + 60,
  });
  assert.deepEqual((await it.versions()).map(({ sealed }) => sealed.wrappedRotationAt), Array(6).fill(2000));
  assert.equal((await it.rewrap.status()).pendingVersions, 0);
  assert.deepEqual(await it.read(it.keys), VALUES);
});

Deno.test("RewrapService goes on from the stored state after a restart", async () => {
  const it = await setUp();
  it.keys.rotatedAt = 1000;
  await it.rewrap.tick();
  const restarted = await it.open();
  assert.equal(restarted.rotationAt, 1000);
  assert.equal((await restarted.status()).lastCompletedRotationAt, 1000);
  it.keys.rotatedAt = 2000;
  await restarted.tick();
  assert.equal((await it.store.readRewrapState())?.lastCompletedRotationAt, 2000);
});

Deno.test("RewrapService whose stored state is damaged says so, opens, and looks at every version at the next tick", async () => {
  const it = await setUp();
  it.keys.rotatedAt = 1000;
  await it.rewrap.tick();
  it.keys.rotatedAt = 2000; // nobody has seen it yet
  const read = it.store.readRewrapState;
  it.store.readRewrapState = () => Promise.reject(new VaultError("DATA_LOSS", "the state is damaged"));
  const service = await it.open(it.keys, { maxPerSecond: 0 });
  assert.match(it.logged.join(), /re-wrapping.*: the state is damaged/);
  await service.tick();
  assert.ok((await it.versions()).every(({ sealed }) => sealed.wrappedRotationAt === 2000));
  it.store.readRewrapState = read;
  assert.equal((await it.store.readRewrapState())?.lastCompletedRotationAt, 2000);
  const broken = new VaultError("INTERNAL", "cannot be read");
  it.store.readRewrapState = () => Promise.reject(broken);
  await assert.rejects(it.open(), broken);
});

Deno.test("RewrapService stamps what is sealed after a rotation that it has seen, so that it is not done again", async () => {
  const it = await setUp();
  it.keys.rotatedAt = 1000;
  await it.rewrap.tick();
  using _ = await it.engineOn(it.keys).create(parseAddress("a/4"), { kind: "manual", value: encode("4") }, "me");
  assert.equal((await it.versions()).at(-1)?.sealed.wrappedRotationAt, 1000);
  assert.deepEqual(await it.rewrap.rewrap(), { scanned: 7, rewrapped: 6, failed: 0, targetRotationAt: 1000 });
});

Deno.test("RewrapService counts a version that fails, does the others, and holds the watermark back", async () => {
  const it = await setUp();
  it.keys.rotatedAt = 1000;
  await it.rewrap.tick();
  it.keys.rotatedAt = 2000;
  it.keys.refused = "a/2";
  assert.deepEqual(await it.rewrap.rewrap(), { scanned: 6, rewrapped: 4, failed: 2, targetRotationAt: 2000 });
  assert.equal((await it.store.readRewrapState())?.lastCompletedRotationAt, 1000);
  assert.deepEqual(it.logged, [
    "secrets: 'a/2' version 1 was not re-wrapped: refused",
    "secrets: 'a/2' version 2 was not re-wrapped: refused",
  ]);
  assert.equal((await it.rewrap.status()).pendingVersions, 2);
  it.keys.refused = "";
  await it.rewrap.tick();
  assert.equal((await it.store.readRewrapState())?.lastCompletedRotationAt, 2000);
  assert.equal((await it.rewrap.status()).pendingVersions, 0);
});

Deno.test("RewrapService counts versions whose key is configured no more, and does the others", async () => {
  const it = await setUp({ secrets: 1, keyId: "gone" });
  using _ = await it.engineOn(new Service("old")).create(
    parseAddress("a/2"),
    { kind: "manual", value: encode("2") },
    "me",
  );
  const service = await it.open(new Service("new"));
  assert.deepEqual(await service.rewrap(), { scanned: 3, rewrapped: 1, failed: 2, targetRotationAt: null });
  assert.match(it.logged[0], /^secrets: 'a\/1' version 1 was not re-wrapped: no master key 'gone': name its file in /);
  assert.equal((await service.status()).pendingVersions, 2);
});

Deno.test("RewrapService ends a pass when the service is gone, and shows what it knows", async () => {
  const it = await setUp();
  it.keys.rotatedAt = 1000;
  await it.rewrap.tick();
  it.keys.rotatedAt = 2000;
  it.keys.before = () => Promise.resolve(void (it.keys.isAway = true));
  await assert.rejects(it.rewrap.rewrap(), { code: "UNAVAILABLE", message: "away" });
  assert.equal(it.logged.length, 1);
  const { latestRotationAt, lastCompletedRotationAt, pendingVersions, busy } = await it.rewrap.status();
  assert.deepEqual([latestRotationAt, lastCompletedRotationAt, busy], [null, 1000, false]);
  assert.equal(pendingVersions, 6); // all were sealed before the baseline
  await it.rewrap.tick(); // does not reject
  assert.equal(it.logged.at(-1), "secrets: re-wrapping stopped and will be tried again: away");
});

Deno.test("RewrapService refuses a second pass while one runs, and tells that it is busy", async () => {
  const it = await setUp(), service = await it.open(new Service("new")), open = Promise.withResolvers<void>();
  const keys = new Service("new");
  keys.before = () => open.promise;
  const slow = await it.open(keys), first = slow.rewrap();
  assert.equal((await slow.status()).busy, true);
  await assert.rejects(slow.rewrap(), {
    code: "FAILED_PRECONDITION",
    message: "a re-wrap pass is already running",
  });
  await slow.tick(); // skipped
  // Another process of the same store: what it did first is not done over.
  assert.deepEqual(await service.rewrap(), DONE);
  open.resolve();
  assert.deepEqual(await first, { ...DONE, rewrapped: 0 });
  assert.deepEqual(await it.read(keys), VALUES);
});

Deno.test("RewrapService leaves a version alone that was deleted meanwhile", async () => {
  const it = await setUp(), keys = new Service("new"), open = Promise.withResolvers<void>();
  keys.before = () => open.promise;
  const pass = (await it.open(keys)).rewrap();
  await it.store.deleteSecret(parseAddress("a/2"));
  open.resolve();
  assert.deepEqual(await pass, { ...DONE, rewrapped: 4 });
  assert.equal((await it.versions()).length, 4);
});

for (
  const { maxPerSecond, pauses } of [
    { maxPerSecond: undefined, pauses: Array(6).fill(100) },
    { maxPerSecond: 3, pauses: Array(6).fill(333) },
    { maxPerSecond: 0, pauses: [] },
  ]
) {
  Deno.test(`RewrapService pauses after each version for ${maxPerSecond ?? "10"} in a second`, async () => {
    const it = await setUp();
    await (await it.open(new Service("new"), { maxPerSecond })).rewrap();
    assert.deepEqual(it.pauses, pauses);
  });
}

Deno.test("RewrapService.stop() ends a pass, which goes on at the next start where it stopped", async () => {
  const it = await setUp(), keys = new Service("new");
  const begun = Promise.withResolvers<void>(), open = Promise.withResolvers<void>();
  keys.before = () => (begun.resolve(), open.promise);
  const service = await it.open(keys);
  const outcome = assert.rejects(service.rewrap(), { code: "UNAVAILABLE", message: "the vault is stopping" });
  await begun.promise;
  const stopped = service.stop();
  open.resolve();
  await Promise.all([outcome, stopped]);
  assert.deepEqual(await (await it.open(keys)).rewrap(), { ...DONE, rewrapped: 5 });
});

Deno.test("RewrapService.start() ticks at once and with each call while enabled, not at all while not", async () => {
  for (const isEnabled of [true, false]) {
    const it = await setUp();
    const service = await it.open(it.keys, { isEnabled });
    it.keys.rotatedAt = 1000;
    let ring = () => {}, cancelled = false;
    service.start((callback) => (ring = callback, () => void (cancelled = true)));
    const saved = async () => (await it.store.readRewrapState())?.lastCompletedRotationAt;
    if (isEnabled) await service.tick(); // the one that runs
    assert.equal(await saved(), isEnabled ? 1000 : undefined);
    it.keys.rotatedAt = 2000;
    ring();
    if (isEnabled) await service.tick();
    await service.stop();
    assert.equal(cancelled, isEnabled);
    assert.equal(await saved(), isEnabled ? 2000 : undefined);
    assert.equal((await service.status()).enabled, isEnabled);
  }
});
