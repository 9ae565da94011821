import assert from "node:assert/strict";
import { VaultError } from "#errors/mod.ts";
import { bytes, TestEngine, type TestEngineOptions, textOf } from "../../../tests/support/secret_engine.ts";
import { parseAddress, type Rotation, ROTATION_ACTOR, RotationWorker } from "./mod.ts";

function setUp(options: TestEngineOptions = {}) {
  const test = new TestEngine(options), logged: string[] = [], rotations: Rotation[] = [];
  const worker = new RotationWorker({
    ...test,
    log: (level, text) => logged.push(`${level} ${text}`),
    onRotation: (rotation) => Promise.resolve(void rotations.push(rotation)),
  }, options);
  const add = async (name: string, interval: number, rest = {}) =>
    textOf(
      await test.engine.create(
        parseAddress(name),
        { kind: "automatic", rotationIntervalSeconds: interval, ...rest },
        "alice",
      ),
    );
  return { test, worker, logged, rotations, add };
}

Deno.test("RotationWorker.tick() rotates what is due, from that very second on, and nothing else", async () => {
  const { test, worker, rotations, logged, add } = setUp();
  await using _ = test;
  const { engine, clock } = test;
  const value = await add("slow", 3600);
  await add("quick", 60, { username: bytes("app") });
  textOf(
    await engine.create(parseAddress("manual"), { kind: "manual", value: bytes("v"), rotationIntervalSeconds: 1 }, "a"),
  );
  clock.seconds = 1059;
  assert.deepEqual(await worker.tick(), { rotated: 0, failed: 0, purged: 0 });
  clock.seconds = 1060;
  assert.deepEqual(await worker.tick(), { rotated: 1, failed: 0, purged: 0 });
  const quick = await engine.describe(parseAddress("quick"));
  assert.deepEqual([quick.currentVersion, quick.nextRotationAt, quick.updatedBy], [2, 1120, ROTATION_ACTOR]);
  assert.match(textOf(await engine.get(parseAddress("quick"))), /^app:[\w-]{43}$/);
  clock.seconds = 4600;
  assert.deepEqual(await worker.tick(), { rotated: 2, failed: 0, purged: 0 });
  assert.notEqual(textOf(await engine.get(parseAddress("slow"))), value);
  assert.deepEqual(rotations, [
    { name: "default/quick", version: 2 },
    { name: "default/quick", version: 3 },
    { name: "default/slow", version: 2 },
  ]);
  assert.deepEqual(logged, []);
});

Deno.test("RotationWorker.tick() reaches version 3 and more with an interval of a second", async () => {
  const { test, worker, add } = setUp();
  await using _ = test;
  await add("a", 1);
  for (let i = 0; i < 4; i++) {
    test.clock.seconds += 1;
    await worker.tick();
  }
  assert.equal((await test.engine.describe(parseAddress("a"))).currentVersion, 5);
});

Deno.test("a secret that cannot be rotated is logged by name, tried again, and keeps no other from its turn", async () => {
  let isDown = true;
  const { test, worker, logged, rotations, add } = setUp({
    wrapSealer: (sealer) => ({
      open: (...args) => sealer.open(...args),
      seal: async (name, version, plaintext) => {
        if (isDown && version > 1 && name === "default/a") throw new VaultError("UNAVAILABLE", "no key service");
        return await sealer.seal(name, version, plaintext);
      },
    }),
  });
  await using _ = test;
  const value = await add("a", 60);
  await add("b", 61);
  test.clock.seconds = 2000;
  assert.deepEqual(await worker.tick(), { rotated: 1, failed: 1, purged: 0 });
  assert.deepEqual(logged, ["warn secrets: 'default/a' could not be rotated and will be tried again: no key service"]);
  assert.deepEqual(rotations[0], { name: "default/a", error: "no key service" });
  assert.equal(textOf(await test.engine.get(parseAddress("a"))), value);
  isDown = false;
  assert.deepEqual(await worker.tick(), { rotated: 1, failed: 0, purged: 0 });
  assert.equal((await test.engine.describe(parseAddress("a"))).currentVersion, 2);
});

Deno.test("one tick does 500 rotations at most and the next goes on, though the first ones fail", async () => {
  const { test, worker, add } = setUp({
    wrapSealer: (sealer) => ({
      open: (...args) => sealer.open(...args),
      seal: async (name, version, plaintext) => {
        if (version > 1 && name.startsWith("bad/")) throw new VaultError("UNAVAILABLE", "no key service");
        return await sealer.seal(name, version, plaintext);
      },
    }),
  });
  await using _ = test;
  for (let i = 0; i < 520; i++) await add(`bad/${i}`, 60);
  await Promise.all(Array.from({ length: 30 }, (_, i) => add(`good/${i}`, 61)));
  test.clock.seconds = 2000;
  assert.deepEqual(await worker.tick(), { rotated: 0, failed: 500, purged: 0 });
  assert.deepEqual(await worker.tick(), { rotated: 30, failed: 20, purged: 0 });
  assert.deepEqual(await worker.tick(), { rotated: 0, failed: 500, purged: 0 });
});

Deno.test("RotationWorker.tick() removes versions beyond those kept once their grace is over", async () => {
  const { test, worker, add } = setUp({ keepVersions: 2 });
  await using _ = test;
  const { engine, clock } = test, a = parseAddress("a");
  const first = await add("a", 1_000_000, { graceSeconds: 100 });
  for (let i = 0; i < 3; i++) await engine.update(a, { value: bytes(`v${i}`) }, "alice");
  assert.equal((await test.store.scanVersions(100)).length, 4);
  clock.seconds = 1099;
  assert.equal((await worker.tick()).purged, 0);
  assert.deepEqual(await engine.verify(a, bytes(first)), { valid: true, version: 1 });
  clock.seconds = 1100;
  assert.equal((await worker.tick()).purged, 2);
  const left = (await test.store.scanVersions(100)).map(({ position }) => position.version);
  assert.deepEqual(left, [3, 4], "the two that are kept, though one has expired");
  assert.equal(textOf(await engine.get(a, 3)), "v1");
});

Deno.test("a change that comes first takes the rotation's place", async () => {
  const { test, worker, logged, rotations, add } = setUp();
  await using _ = test;
  await add("a", 60);
  test.clock.seconds = 2000;
  const [, result] = await Promise.all([
    test.engine.update(parseAddress("a"), { value: bytes("mine") }, "alice"),
    worker.tick(),
  ]);
  assert.equal(result.failed, 0);
  assert.deepEqual([logged, rotations], [[], []]);
  assert.equal(textOf(await test.engine.get(parseAddress("a"))), "mine");
});

Deno.test("a secret that is due no more when its turn comes is left alone, also one made anew under the name", async () => {
  const { test, rotations, logged, add } = setUp();
  await using _ = test;
  const { engine, store, clock } = test;
  for (const name of ["a", "b", "c"]) await add(name, 60);
  clock.seconds = 2000;
  const due = await store.listDue(2000, 10);
  await engine.update(parseAddress("b"), { rotationIntervalSeconds: 600 }, "alice");
  await engine.delete(parseAddress("c"));
  const fresh = await add("c", 60);
  store.listDue = () => Promise.resolve(due);
  const worker = new RotationWorker({
    ...test,
    onRotation: (one) => Promise.resolve(void rotations.push(one)),
    log: () => {},
  });
  assert.deepEqual(await worker.tick(), { rotated: 1, failed: 0, purged: 0 });
  assert.deepEqual([logged, rotations], [[], [{ name: "default/a", version: 2 }]]);
  assert.equal((await engine.describe(parseAddress("b"))).currentVersion, 1);
  assert.equal(textOf(await engine.get(parseAddress("c"))), fresh);
});

Deno.test("RotationWorker.start() ticks at once and at each call, skips one that comes too early; stop() waits", async () => {
  const gate = Promise.withResolvers<void>(), begun = Promise.withResolvers<void>();
  let call = () => {}, isCancelled = false;
  const { test, worker, rotations, add } = setUp({
    wrapSealer: (sealer) => ({
      open: (...args) => sealer.open(...args),
      seal: async (name, version, plaintext) => {
        if (version > 1) {
          begun.resolve();
          await gate.promise;
        }
        return await sealer.seal(name, version, plaintext);
      },
    }),
  });
  await using _ = test;
  await add("a", 60);
  await add("b", 60);
  test.clock.seconds = 2000;
  worker.start((callback) => {
    call = callback;
    return () => isCancelled = true;
  });
  await begun.promise;
  call();
  const stopped = worker.stop().then(() => rotations.length);
  assert.equal(isCancelled, true);
  gate.resolve();
  assert.equal(await stopped, 1, "the rotation that was begun is done, the other is not begun");
  call();
  assert.deepEqual(await worker.tick(), { rotated: 0, failed: 0, purged: 0 });
});

Deno.test("a store that fails ends the tick, is logged, and the next tick does its work", async () => {
  const { test, add } = setUp(), logged: string[] = [];
  await using _ = test;
  await add("a", 60);
  let fails = true;
  const store = new Proxy(test.store, {
    get: (target, name) => {
      if (fails && name === "purgeVersions") {
        return () => Promise.reject(new VaultError("INTERNAL", "secrets store: cannot be read: disk I/O error"));
      }
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const { engine, clock } = test;
  const worker = new RotationWorker({ engine, store, clock, log: (level, text) => logged.push(`${level} ${text}`) });
  clock.seconds = 2000;
  assert.deepEqual(await worker.tick(), { rotated: 0, failed: 0, purged: 0 });
  assert.match(logged[0], /^error secrets: rotation stopped and will be tried again: .*disk I\/O error$/);
  fails = false;
  assert.equal((await worker.tick()).rotated, 1);
});
