import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { VaultError } from "#errors/mod.ts";
import { bytes, refusal, TestEngine, textOf } from "../../../tests/support/secret_engine.ts";
import { type CreateSecret, parseAddress, type UpdateSecret } from "./mod.ts";

const A = parseAddress("db/app");
const manual = (value: string, rest: Partial<CreateSecret> = {}): CreateSecret => ({
  kind: "manual",
  value: bytes(value),
  ...rest,
});
const automatic = (rest: Partial<CreateSecret> = {}): CreateSecret => ({
  kind: "automatic",
  rotationIntervalSeconds: 3600,
  graceSeconds: 300,
  ...rest,
});
const userpass = (username: string, password: string): CreateSecret => ({
  kind: "manual",
  username: bytes(username),
  password: bytes(password),
});

Deno.test("SecretEngine.create() answers with version 1 and its value, and makes the project", async () => {
  await using test = new TestEngine();
  using created = await test.engine.create(A, manual("one", { description: "d", graceSeconds: 5 }), "alice");
  assert.deepEqual({ ...created.secret, id: 0 }, {
    project: "db",
    path: "app",
    id: 0,
    kind: "manual",
    format: "opaque",
    description: "d",
    rotationIntervalSeconds: null,
    graceSeconds: 5,
    currentVersion: 1,
    nextRotationAt: null,
    createdAt: 1_000_000,
    updatedAt: 1_000_000,
    updatedBy: "alice",
    revision: 1,
  });
  assert.deepEqual(created.version, { version: 1, createdAt: 1_000_000, createdBy: "alice", expiresAt: null });
  const { id: _id, ...project } = await test.engine.projects.get("db");
  assert.deepEqual(project, {
    name: "db",
    description: null,
    isDefault: false,
    createdAt: 1_000_000,
    createdBy: "alice",
  });
  assert.equal(textOf(await test.engine.get(A)), "one");
});

Deno.test("SecretEngine.create() refuses a name that is taken", async () => {
  await using test = new TestEngine();
  textOf(await test.engine.create(A, manual("one"), "alice"));
  const text = await refusal(test.engine.create(A, manual("two"), "alice"));
  assert.equal(text, "ALREADY_EXISTS Secret 'secret:db:app' already exists");
  assert.equal(textOf(await test.engine.get(A)), "one");
});

const BIG = new Uint8Array(65_537).fill(97);
const CREATE_REFUSALS: readonly (readonly [string, CreateSecret])[] = [
  ["manual secret requires 'value'", { kind: "manual" }],
  ["manual userpass secret requires 'password'", { kind: "manual", username: bytes("u") }],
  ["userpass secret requires 'username'", { kind: "manual", password: bytes("p") }],
  ["userpass secret requires 'username'", automatic({ password: bytes("p") })],
  ["provide either 'value' or 'username'/'password', not both", { ...userpass("u", "p"), value: bytes("v") }],
  ["automatic secret requires positive 'rotation_interval_secs'", { kind: "automatic" }],
  ["automatic secret requires positive 'rotation_interval_secs'", automatic({ rotationIntervalSeconds: 0 })],
  ["automatic secret requires positive 'rotation_interval_secs'", automatic({ rotationIntervalSeconds: -1 })],
  ["automatic secret requires positive 'rotation_interval_secs'", automatic({ rotationIntervalSeconds: 1.5 })],
  ["rotation_interval_secs must be positive", manual("v", { rotationIntervalSeconds: -5 })],
  ["grace_period_secs must not be negative", manual("v", { graceSeconds: -1 })],
  ["secret value must not be empty", { kind: "manual", value: new Uint8Array(0) }],
  ["secret value is too large", { kind: "manual", value: BIG }],
  ["username must not be empty", userpass("", "p")],
  ["password must not be empty", userpass("u", "")],
  ["username is too large", { kind: "manual", username: BIG, password: bytes("p") }],
  ["password is too large", { kind: "manual", username: bytes("u"), password: BIG }],
  ["description is too large", manual("v", { description: "d".repeat(65_537) })],
  ["secret value must be UTF-8 text; encode binary values, in base64 for instance", {
    kind: "manual",
    value: Uint8Array.of(0xff),
  }],
];
for (const [text, request] of CREATE_REFUSALS) {
  Deno.test(`SecretEngine.create() refuses: ${text} (${Object.keys(request)} of ${request.kind})`, async () => {
    await using test = new TestEngine();
    assert.equal(await refusal(test.engine.create(A, request, "alice")), `INVALID_ARGUMENT ${text}`);
    assert.deepEqual((await test.engine.list()).secrets, []);
    assert.deepEqual((await test.engine.projects.list()).projects, []);
  });
}

Deno.test("SecretEngine.create() takes values of 1 and of 65,536 bytes", async () => {
  await using test = new TestEngine();
  for (const length of [1, 65_536]) {
    textOf(
      await test.engine.create(parseAddress(`n${length}`), { kind: "manual", value: BIG.subarray(0, length) }, "a"),
    );
    assert.equal(textOf(await test.engine.get(parseAddress(`n${length}`))).length, length);
  }
});

Deno.test("an automatic secret without a value gets one of 43 characters, a userpass keeps its name", async () => {
  await using test = new TestEngine();
  const generated = textOf(await test.engine.create(A, automatic(), "alice"));
  assert.match(generated, /^[A-Za-z0-9_-]{43}$/);
  assert.equal(textOf(await test.engine.get(A)), generated);
  const pair = parseAddress("pair");
  assert.match(textOf(await test.engine.create(pair, automatic({ username: bytes("app") }), "a")), /^app:[\w-]{43}$/);
  assert.match(textOf(await test.engine.rotate(pair, "a")), /^app:[\w-]{43}$/);
  assert.match(textOf(await test.engine.create(parseAddress("given"), automatic({ value: bytes("v") }), "a")), /^v$/);
});

Deno.test("the worked example of A.8: due at 4600, the old value verifies through 4899 and not at 4900", async () => {
  await using test = new TestEngine();
  const { engine, clock } = test;
  clock.seconds = 1000;
  const old = textOf(await engine.create(A, automatic(), "alice"));
  assert.equal((await engine.describe(A)).nextRotationAt, 4600);
  clock.seconds = 4600;
  const fresh = textOf(await engine.rotate(A, "alice"));
  for (const [now, valid] of [[4600, true], [4899, true], [4900, false]] as const) {
    clock.seconds = now;
    assert.deepEqual(await engine.verify(A, bytes(old)), valid ? { valid, version: 1 } : { valid, version: null });
    assert.deepEqual(await engine.verify(A, bytes(fresh)), { valid: true, version: 2 });
  }
  assert.equal((await engine.describe(A)).nextRotationAt, 8200);
});

Deno.test("grace 0 ends the old version in the same second", async () => {
  await using test = new TestEngine();
  textOf(await test.engine.create(A, manual("one"), "alice"));
  await test.engine.update(A, { value: bytes("two") }, "alice");
  assert.deepEqual(await test.engine.verify(A, bytes("one")), { valid: false, version: null });
  assert.deepEqual(await test.engine.verify(A, bytes("two")), { valid: true, version: 2 });
});

Deno.test("several versions are in grace side by side, and a later change of the grace moves no end", async () => {
  await using test = new TestEngine();
  const { engine, clock } = test;
  textOf(await engine.create(A, manual("one", { graceSeconds: 100 }), "alice"));
  await engine.update(A, { value: bytes("two"), graceSeconds: 10 }, "alice"); // one: until 1100, by the stored grace
  await engine.update(A, { value: bytes("three") }, "alice"); // two: until 1010
  await engine.update(A, { graceSeconds: 1_000_000 }, "alice");
  const live = async () => {
    const verdicts = await Promise.all(["one", "two", "three"].map((value) => engine.verify(A, bytes(value))));
    return verdicts.map(({ version }) => version);
  };
  assert.deepEqual(await live(), [1, 2, 3]);
  clock.seconds = 1010;
  assert.deepEqual(await live(), [1, null, 3]);
  clock.seconds = 1100;
  assert.deepEqual(await live(), [null, null, 3]);
});

Deno.test("the newest of two equal live values is the one that verifies", async () => {
  await using test = new TestEngine();
  textOf(await test.engine.create(A, manual("same", { graceSeconds: 100 }), "alice"));
  const { currentVersion } = await test.engine.update(A, { value: bytes("same") }, "alice");
  assert.equal(currentVersion, 2, "an equal value is a new version");
  assert.deepEqual(await test.engine.verify(A, bytes("same")), { valid: true, version: 2 });
});

Deno.test("SecretEngine.verify() compares the password of a pair, and neither its name nor its JSON", async () => {
  await using test = new TestEngine();
  textOf(await test.engine.create(A, userpass("app", "s3cr3t"), "alice"));
  const verdicts = ["s3cr3t", "app", '{"username":"app","password":"s3cr3t"}', "", "s3cr3t\0"].map(async (value) =>
    (await test.engine.verify(A, bytes(value))).valid
  );
  assert.deepEqual(await Promise.all(verdicts), [true, false, false, false, false]);
});

Deno.test("SecretEngine.verify() opens 16 values, whichever exist and match", async () => {
  let opened = 0;
  await using test = new TestEngine({
    wrapSealer: (sealer) => ({
      seal: (...args) => sealer.seal(...args),
      open: (...args) => (opened += 1, sealer.open(...args)),
    }),
  });
  const cost = async (name: string, value: string) => {
    opened = 0;
    const { version } = await test.engine.verify(parseAddress(name), bytes(value));
    return [version, opened];
  };
  textOf(await test.engine.create(A, manual("v1", { graceSeconds: 1000 }), "alice"));
  assert.deepEqual(await cost("db/app", "v1"), [1, 16]);
  for (let i = 2; i <= 16; i++) await test.engine.update(A, { value: bytes(`v${i}`) }, "alice");
  assert.deepEqual(await cost("db/app", "v1"), [1, 16], "the last candidate");
  assert.deepEqual(await cost("db/app", "v16"), [16, 16], "the first");
  assert.deepEqual(await cost("db/app", "none"), [null, 16]);
  assert.deepEqual(await cost("db/absent", "none"), [null, 16]);
  opened = 0;
  assert.deepEqual(await test.engine.verify(undefined, bytes("x")), { valid: false, version: null });
  assert.equal(opened, 16, "a name that no secret can have");
  await test.engine.update(A, { value: bytes("v17") }, "alice");
  let hasTurned = false;
  setImmediate(() => hasTurned = true);
  assert.deepEqual(await cost("db/app", "v1"), [1, 32], "more live versions than that cost the next multiple");
  assert.ok(hasTurned, "and leave room for other calls");
});

Deno.test("SecretEngine.get() gives the versions that are kept, and none beyond", async () => {
  await using test = new TestEngine({ keepVersions: 3 });
  const { engine } = test;
  textOf(await engine.create(A, manual("v1", { graceSeconds: 50 }), "alice"));
  for (let i = 2; i <= 5; i++) await engine.update(A, { value: bytes(`v${i}`) }, `user${i}`);
  assert.deepEqual(await Promise.all([3, 4, 5].map(async (n) => textOf(await engine.get(A, n)))), ["v3", "v4", "v5"]);
  for (const version of [2, 1, 0, -1, 6, 1.5, 2 ** 60]) {
    const text = `NOT_FOUND Secret 'secret:db:app' has no version ${version}`;
    assert.equal(await refusal(engine.get(A, version)), text);
  }
  assert.deepEqual(
    (await engine.versions(A)).map(({ version, createdBy, expiresAt }) => [version, createdBy, expiresAt]),
    [
      [5, "user5", null],
      [4, "user4", 1050],
      [3, "user3", 1050],
    ],
  );
  assert.deepEqual(await engine.verify(A, bytes("v1")), { valid: true, version: 1 }, "in grace still, though not kept");
});

Deno.test("SecretEngine.update() with nothing, or with settings only, makes no version", async () => {
  await using test = new TestEngine();
  const { engine, clock } = test;
  textOf(await engine.create(A, automatic({ description: "old" }), "alice"));
  clock.seconds = 2000;
  for (
    const [change, wanted] of [
      [{}, { description: "old", graceSeconds: 300, nextRotationAt: 4600 }],
      [{ description: null, graceSeconds: null }, { description: "old", graceSeconds: 300, nextRotationAt: 4600 }],
      [{ description: "new" }, { description: "new", graceSeconds: 300, nextRotationAt: 4600 }],
      [{ graceSeconds: 0 }, { description: "new", graceSeconds: 0, nextRotationAt: 4600 }],
      [{ rotationIntervalSeconds: 10 }, { description: "new", graceSeconds: 0, nextRotationAt: 2010 }],
    ] satisfies [UpdateSecret, unknown][]
  ) {
    const { currentVersion, updatedAt, updatedBy, description, graceSeconds, nextRotationAt } = await engine
      .update(A, change, "bob");
    assert.deepEqual([currentVersion, updatedAt, updatedBy], [1, 2_000_000, "bob"]);
    assert.deepEqual({ description, graceSeconds, nextRotationAt }, wanted);
  }
});

Deno.test("new material restarts an automatic secret's interval and sets none for a manual one", async () => {
  await using test = new TestEngine();
  const { engine, clock } = test, other = parseAddress("manual");
  textOf(await engine.create(A, automatic(), "alice"));
  textOf(await engine.create(other, manual("v", { rotationIntervalSeconds: 60 }), "alice"));
  clock.seconds = 2000;
  assert.equal((await engine.update(A, { value: bytes("v") }, "alice")).nextRotationAt, 5600);
  const changed = await engine.update(other, { value: bytes("w"), rotationIntervalSeconds: 70 }, "alice");
  assert.deepEqual([changed.nextRotationAt, changed.rotationIntervalSeconds], [null, 70]);
});

Deno.test("SecretEngine.update() takes the missing half of a pair from the current version", async () => {
  await using test = new TestEngine();
  const { engine } = test;
  textOf(await engine.create(A, userpass("app", "one"), "alice"));
  await engine.update(A, { password: bytes("two") }, "alice");
  assert.equal(textOf(await engine.get(A)), "app:two");
  await engine.update(A, { username: bytes("bpp") }, "alice");
  assert.equal(textOf(await engine.get(A)), "bpp:two");
  await engine.update(A, { username: bytes("c"), password: bytes("d") }, "alice");
  assert.equal(textOf(await engine.get(A)), "c:d");
  assert.equal(textOf(await engine.get(A, 1)), "app:one");
});

for (
  const [text, change] of [
    ["INVALID_ARGUMENT rotation_interval_secs must be positive", { rotationIntervalSeconds: 0 }],
    ["INVALID_ARGUMENT grace_period_secs must not be negative", { graceSeconds: -1 }],
    ["INVALID_ARGUMENT secret is opaque; use 'value', not 'username'/'password'", { password: bytes("p") }],
    ["INVALID_ARGUMENT secret value must not be empty", { value: new Uint8Array(0) }],
    ["INVALID_ARGUMENT secret value is too large", { value: BIG }],
    ["ABORTED write conflict; retry the request", { value: bytes("v"), expectedVersion: 2 }],
    ["ABORTED write conflict; retry the request", { description: "d", expectedVersion: 0 }],
  ] satisfies [string, UpdateSecret][]
) {
  Deno.test(`SecretEngine.update() refuses: ${text} (${Object.keys(change)})`, async () => {
    await using test = new TestEngine();
    using created = await test.engine.create(A, manual("one"), "alice");
    assert.equal(await refusal(test.engine.update(A, change, "bob")), text);
    assert.deepEqual(await test.engine.describe(A), created.secret);
  });
}

Deno.test("SecretEngine.update() refuses a bare value for a pair, and checks settings before it looks the secret up", async () => {
  await using test = new TestEngine();
  const { engine } = test;
  assert.equal(
    await refusal(engine.update(A, { graceSeconds: -1 }, "a")),
    "INVALID_ARGUMENT grace_period_secs must not be negative",
  );
  assert.equal(await refusal(engine.update(A, {}, "a")), "NOT_FOUND Secret 'secret:db:app' not found");
  textOf(await engine.create(A, userpass("u", "p"), "alice"));
  const text = "INVALID_ARGUMENT secret is userpass; use 'username'/'password', not 'value'";
  assert.equal(await refusal(engine.update(A, { value: bytes("v") }, "a")), text);
});

Deno.test("a write that expects the current version succeeds once", async () => {
  await using test = new TestEngine();
  const { engine } = test;
  textOf(await engine.create(A, automatic(), "alice"));
  const writes = ["a", "b", "c"].map((value) => engine.update(A, { value: bytes(value), expectedVersion: 1 }, value));
  assert.deepEqual(await Promise.all(writes.map(refusal)), [
    "OK",
    "ABORTED write conflict; retry the request",
    "ABORTED write conflict; retry the request",
  ]);
  assert.equal(textOf(await engine.get(A)), "a");
  assert.match(await refusal(engine.rotate(A, "a", { expectedVersion: 1 })), /^ABORTED/);
  assert.match(await refusal(engine.delete(A, { expectedVersion: 1 })), /^ABORTED/);
  assert.equal(textOf(await engine.rotate(A, "a", { expectedVersion: 2 })).length, 43);
  await engine.delete(A, { expectedVersion: 3 });
  assert.match(await refusal(engine.get(A)), /^NOT_FOUND/);
});

Deno.test("writes that expect nothing come one after another, each a version of its own", async () => {
  await using test = new TestEngine();
  const { engine } = test, values = Array.from({ length: 9 }, (_, i) => `v${i + 2}`);
  textOf(await engine.create(A, manual("v1", { graceSeconds: 100 }), "alice"));
  const records = await Promise.all(values.map((value) => engine.update(A, { value: bytes(value) }, "alice")));
  assert.deepEqual(records.map(({ currentVersion }) => currentVersion), [2, 3, 4, 5, 6, 7, 8, 9, 10]);
  for (let version = 1; version <= 10; version++) assert.equal(textOf(await engine.get(A, version)), `v${version}`);
});

Deno.test("two engines on one store: no acknowledged write is lost, and a carried-over half is never stale", async () => {
  await using test = new TestEngine();
  const engines = [test.engine, test.engineOver(test.store)];
  textOf(await test.engine.create(A, userpass("u0", "p0"), "alice"));
  for (let round = 1; round <= 20; round++) {
    await Promise.all([
      engines[0].update(A, { username: bytes(`u${round}`) }, "zero"),
      engines[1].update(A, { password: bytes(`p${round}`) }, "one"),
    ]);
    assert.equal(textOf(await test.engine.get(A)), `u${round}:p${round}`);
  }
  assert.equal((await test.engine.describe(A)).currentVersion, 41);
  const expecting = engines.map((engine) => engine.update(A, { password: bytes("x"), expectedVersion: 41 }, "a"));
  assert.deepEqual((await Promise.all(expecting.map(refusal))).map((text) => text.split(" ")[0]).sort(), [
    "ABORTED",
    "OK",
  ]);
});

Deno.test("SecretEngine.rotate() refuses a manual secret", async () => {
  await using test = new TestEngine();
  textOf(await test.engine.create(A, manual("v", { rotationIntervalSeconds: 5 }), "alice"));
  const text = "INVALID_ARGUMENT only automatic secrets can be rotated; use update for manual secrets";
  assert.equal(await refusal(test.engine.rotate(A, "alice")), text);
  assert.match(await refusal(test.engine.rotate(parseAddress("absent"), "alice")), /^NOT_FOUND/);
});

Deno.test("SecretEngine.delete() takes all versions; the name begins at version 1 again", async () => {
  await using test = new TestEngine();
  const { engine } = test;
  textOf(await engine.create(A, manual("one", { graceSeconds: 100 }), "alice"));
  await engine.update(A, { value: bytes("two") }, "alice");
  await engine.delete(A);
  assert.match(await refusal(engine.get(A)), /^NOT_FOUND/);
  assert.match(await refusal(engine.delete(A)), /^NOT_FOUND/);
  using again = await engine.create(A, manual("three"), "alice");
  assert.equal(again.version.version, 1);
  assert.equal((await engine.verify(A, bytes("two"))).valid, false);
  assert.deepEqual((await engine.versions(A)).length, 1);
});

Deno.test("SecretEngine.getMany() keeps order and duplicates, drops what is not there, and has a limit", async () => {
  await using test = new TestEngine();
  const { engine } = test, names = ["b", "nothing", "a", "b"].map(parseAddress);
  for (const name of ["a", "b"]) textOf(await engine.create(parseAddress(name), manual(`value ${name}`), "alice"));
  const { secrets } = await engine.getMany(names);
  assert.deepEqual(secrets.map(textOf), ["value b", "value a", "value b"]);
  assert.deepEqual((await engine.getMany([])).secrets, []);
  assert.equal((await engine.getMany(Array(256).fill(names[0]))).secrets.length, 256);
  assert.equal(
    await refusal(engine.getMany(Array(257).fill(names[0]))),
    "INVALID_ARGUMENT batch too large: 257 names (max 256)",
  );
});

Deno.test("values are wiped: those handed out when disposed of, those of a failed write and of a batch at once", async () => {
  const cleared: Uint8Array[] = [];
  let fails = false;
  await using test = new TestEngine({
    wrapSealer: (sealer) => ({
      seal: async (name, version, plaintext) => {
        cleared.push(plaintext);
        if (fails) throw new VaultError("UNAVAILABLE", "no key service");
        return await sealer.seal(name, version, plaintext);
      },
      open: async (...args) => {
        if (fails && args[0] === "default/b") throw new VaultError("UNAVAILABLE", "no key service");
        const plaintext = await sealer.open(...args);
        cleared.push(plaintext);
        return plaintext;
      },
    }),
  });
  const { engine } = test, isWiped = () => cleared.splice(0).every((buffer) => buffer.every((byte) => byte === 0));
  const [a, b] = ["a", "b"].map(parseAddress);
  {
    using created = await engine.create(a, userpass("user", "password"), "alice");
    assert.equal(created.material.format, "userpass");
  }
  textOf(await engine.create(b, manual("value"), "alice"));
  textOf(
    await engine.rotate(parseAddress("auto"), "a").catch(() => engine.create(parseAddress("auto"), automatic(), "a")),
  );
  textOf(await engine.get(a));
  await engine.update(a, { password: bytes("other") }, "alice");
  await engine.update(b, { value: bytes("other") }, "alice");
  await engine.verify(a, bytes("guess"));
  await engine.verify(undefined, bytes("guess"));
  assert.ok(cleared.length > 20 && isWiped());
  fails = true;
  for (
    const call of [
      engine.create(parseAddress("c"), manual("value"), "alice"),
      engine.update(b, { value: bytes("lost") }, "alice"),
      engine.getMany([a, b]),
    ]
  ) assert.equal(await refusal(call), "UNAVAILABLE no key service");
  assert.ok(cleared.length >= 3 && isWiped());
});

Deno.test("a value that was passed in is the caller's and stays as it is", async () => {
  await using test = new TestEngine();
  const value = bytes("mine");
  {
    using created = await test.engine.create(A, { kind: "manual", value }, "alice");
    assert.equal(JSON.stringify({ created }), '{"created":"[REDACTED]"}');
    assert.ok(!Deno.inspect(created).includes("109"));
  }
  assert.deepEqual(value, bytes("mine"));
});

Deno.test("projects: created, listed by name, described, made default, deleted when empty", async () => {
  await using test = new TestEngine();
  const { projects } = test.engine;
  const b = await projects.create("b", "text", "alice"), a = await projects.create("a", null, "bob");
  assert.deepEqual([b.description, b.createdBy, b.isDefault, a.description], ["text", "alice", false, null]);
  assert.deepEqual((await projects.list()).projects, [a, b]);
  assert.equal((await projects.describe("b", null)).description, "text");
  assert.equal((await projects.describe("b", "")).description, "");
  assert.equal((await projects.setDefault("a")).isDefault, true);
  assert.equal((await projects.setDefault("b")).isDefault, true);
  assert.deepEqual((await projects.list()).projects.map(({ isDefault }) => isDefault), [false, true]);
  textOf(await test.engine.create(parseAddress("b/x"), manual("v"), "alice"));
  const text = "FAILED_PRECONDITION Cannot delete project 'b' with existing secrets. Delete all secrets first.";
  assert.equal(await refusal(projects.delete("b")), text);
  await test.engine.delete(parseAddress("b/x"));
  await projects.delete("b");
  await projects.delete("a");
  assert.deepEqual((await projects.list()).projects, []);
});

Deno.test("projects: what is refused", async () => {
  await using test = new TestEngine();
  const { projects } = test.engine;
  await projects.create("a", null, "alice");
  assert.equal(await refusal(projects.create("a", null, "bob")), "ALREADY_EXISTS Project 'a' already exists");
  assert.match(await refusal(projects.create("a/b", null, "bob")), /^INVALID_ARGUMENT a project name has/);
  for (const call of [projects.get("b"), projects.describe("b", "x"), projects.setDefault("b"), projects.delete("b")]) {
    assert.equal(await refusal(call), "NOT_FOUND Project 'b' not found");
  }
  const long = "INVALID_ARGUMENT project description is longer than 500 characters";
  assert.equal(await refusal(projects.create("c", "ä".repeat(501), "bob")), long);
  assert.equal(await refusal(projects.describe("a", "ä".repeat(501))), long);
  assert.equal((await projects.describe("a", "ä".repeat(500))).name, "a");
});

Deno.test("deleting a project counts its own secrets, not those of a project whose name begins alike", async () => {
  await using test = new TestEngine();
  for (const name of ["a-b/x", "a.b/x", "ab/x", "a0/x"]) {
    textOf(await test.engine.create(parseAddress(name), manual("v"), "alice"));
  }
  await test.engine.projects.create("a", null, "alice");
  await test.engine.projects.delete("a");
});
