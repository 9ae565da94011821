import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseAddress } from "#domain/secrets/mod.ts";
import { SeededRandom } from "../../../../tests/support/random.ts";
import { checkStoreFile } from "./snapshot.ts";
import { bytes, refusal, TestEngine, textOf } from "../../../../tests/support/secret_engine.ts";

const NAMES = ["a/x", "a/y", "b/z"];
/** `RUNEVAULT_DAMAGE_SEED` repeats a run. */
const SEED = Number(Deno.env.get("RUNEVAULT_DAMAGE_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0]);

/** A store with a snapshot of it, and another store that holds one secret of its own. */
async function setUp(use: (snapshot: string, other: TestEngine, directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "rv-snapshot-" }), snapshot = join(directory, "snapshot.db");
  try {
    {
      await using test = new TestEngine({ path: join(directory, "secrets.db") });
      for (const name of NAMES) {
        const request = { kind: "manual" as const, value: bytes(`1 of ${name}`), graceSeconds: 99 };
        textOf(await test.engine.create(parseAddress(name), request, "alice"));
        await test.engine.update(parseAddress(name), { value: bytes(`2 of ${name}`) }, "bob");
      }
      await test.store.snapshot(snapshot);
    }
    await using other = new TestEngine({ path: join(directory, "other.db") });
    textOf(await other.engine.create(parseAddress("own"), { kind: "manual", value: bytes("kept") }, "carol"));
    await use(snapshot, other, directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function isUntouched({ engine }: TestEngine): Promise<boolean> {
  const { secrets } = await engine.list();
  return secrets.length === 1 && textOf(await engine.get(parseAddress("own"))) === "kept";
}

async function checkRestored({ engine }: TestEngine): Promise<void> {
  assert.deepEqual((await engine.list()).secrets.map(({ project, path }) => `${project}/${path}`), NAMES);
  for (const name of NAMES) {
    assert.equal(textOf(await engine.get(parseAddress(name))), `2 of ${name}`);
    assert.equal(textOf(await engine.get(parseAddress(name), 1)), `1 of ${name}`);
    assert.deepEqual(await engine.verify(parseAddress(name), bytes(`1 of ${name}`)), { valid: true, version: 1 });
  }
}

Deno.test("a restore brings back secrets, versions and projects, and removes what was there", () =>
  setUp(async (snapshot, other) => {
    assert.equal(await refusal(other.store.restore(snapshot)), "FAILED_PRECONDITION the secrets store is not empty");
    assert.ok(await isUntouched(other));
    await other.store.restore(snapshot, { force: true });
    await checkRestored(other);
    assert.deepEqual((await other.engine.projects.list()).projects.map(({ name }) => name), ["a", "b"]);
    using created = await other.engine.create(parseAddress("a/new"), { kind: "manual", value: bytes("v") }, "dave");
    assert.equal(created.version.version, 1);
  }));

Deno.test("a restored version that is no longer kept is removed once its grace is over, as it would have been", () =>
  setUp(async (_snapshot, other, directory) => {
    const path = join(directory, "history.db"), address = parseAddress("a/history"), until = other.clock.seconds + 99;
    {
      await using test = new TestEngine({ path: join(directory, "first.db"), keepVersions: 1 });
      const first = { kind: "manual" as const, value: bytes("1"), graceSeconds: 99 };
      textOf(await test.engine.create(address, first, "alice"));
      await test.engine.update(address, { value: bytes("2") }, "alice");
      await test.store.snapshot(path);
    }
    await other.store.restore(path, { force: true });
    assert.equal(await other.store.purgeVersions(until - 1, 1, 100), 0);
    assert.equal(await other.store.purgeVersions(until, 1, 100), 1);
    assert.equal((await other.store.listVersions(address))!.length, 1);
  }));

Deno.test("a snapshot that cannot be finished leaves no file, and never takes the place of one", () =>
  setUp(async (snapshot, other, directory) => {
    const path = join(directory, "again.db"), whole = await Deno.readFile(snapshot);
    assert.match(await refusal(other.store.snapshot(snapshot)), /^INTERNAL secrets store: cannot write the snapshot/);
    assert.deepEqual(await Deno.readFile(snapshot), whole);
    await other.store.close();
    assert.match(await refusal(other.store.snapshot(path)), /cannot write the snapshot/);
    await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
  }));

Deno.test("a snapshot is one private file, whole without a journal, and holds nothing in clear", () =>
  setUp(async (snapshot, _other, directory) => {
    assert.equal((await Deno.stat(snapshot)).mode! & 0o777, 0o600);
    const besides = [...Deno.readDirSync(directory)].filter(({ name }) => name.startsWith("snapshot.db"));
    assert.deepEqual(besides.map(({ name }) => name), ["snapshot.db"]);
    const text = new TextDecoder("latin1").decode(await Deno.readFile(snapshot));
    assert.ok(text.includes("a/x") && !text.includes("1 of ") && !text.includes("2 of "));
  }));

Deno.test("a restore refuses what is no snapshot of a known version, and touches nothing", () =>
  setUp(async (snapshot, other, directory) => {
    const newer = join(directory, "newer.db"),
      foreign = join(directory, "foreign.db"),
      empty = join(directory, "empty");
    await Deno.copyFile(snapshot, newer);
    for (const [path, sql] of [[newer, "PRAGMA user_version = 9999"], [foreign, "CREATE TABLE notes (text TEXT)"]]) {
      const db = new DatabaseSync(path);
      db.exec(sql);
      db.close();
    }
    await Deno.writeTextFile(empty, "");
    await Deno.writeTextFile(join(directory, "text"), "not a snapshot\n".repeat(100));
    for (
      const [file, wanted] of [
        ["newer.db", /^INVALID_ARGUMENT .*its schema is version 9999 and this runevault knows up to \d+/],
        ["foreign.db", /^INVALID_ARGUMENT .*it is not a secrets store of runevault/],
        ["empty", /^INVALID_ARGUMENT .*is empty/],
        ["text", /^DATA_LOSS .*not a database/],
        ["absent", /^INTERNAL .*No such file/],
      ] as const
    ) {
      assert.match(await refusal(other.store.restore(join(directory, file), { force: true })), wanted);
      assert.ok(await isUntouched(other), file);
    }
    assert.ok(!(await Array.fromAsync(Deno.readDir(directory))).some(({ name }) => name === "absent"));
  }));

for (
  const [what, sql, wanted] of [
    ["a changed field", "UPDATE secrets SET description = 'x' WHERE id = 2", /^DATA_LOSS secret 'a\/y' is damaged/],
    [
      "a changed value",
      "UPDATE versions SET nonce = x'00' WHERE secret_id = 3 AND version = 1",
      /^DATA_LOSS version 1 of/,
    ],
    ["no current version", "DELETE FROM versions WHERE secret_id = 1 AND version = 2", /^DATA_LOSS secret 'a\/x'/],
    ["versions of no secret", "DELETE FROM secrets WHERE id = 1", /^DATA_LOSS the snapshot has versions of no secret/],
  ] as const
) {
  Deno.test(`a restore refuses a snapshot with ${what}, and touches nothing`, () =>
    setUp(async (snapshot, other) => {
      const db = new DatabaseSync(snapshot, { enableForeignKeyConstraints: false });
      db.exec(sql);
      db.close();
      assert.match(await refusal(other.store.restore(snapshot, { force: true })), wanted);
      assert.ok(await isUntouched(other));
      assert.match(await refusal(Promise.try(() => checkStoreFile(snapshot))), wanted);
    }));
}

Deno.test("checkStoreFile() passes a sound store and leaves it one file", () =>
  setUp(async (snapshot, other, directory) => {
    checkStoreFile(snapshot);
    const names = [...Deno.readDirSync(directory)].map(({ name }) => name).filter((name) =>
      name.startsWith("snapshot")
    );
    assert.deepEqual(names, ["snapshot.db"]);
    await other.store.restore(snapshot, { force: true });
    await checkRestored(other);
  }));

Deno.test(`a snapshot with one bit changed is restored rightly or not at all (seed ${SEED})`, () =>
  setUp(async (snapshot, other) => {
    const original = await Deno.readFile(snapshot), random = new SeededRandom(SEED);
    let refused = 0;
    for (let i = 0; i < 100; i++) {
      const copy = original.slice();
      copy[random.below(copy.length)] ^= 1 << random.below(8);
      await Deno.writeFile(snapshot, copy);
      if (await refusal(other.store.restore(snapshot, { force: true })) === "OK") {
        await checkRestored(other);
        for (const name of NAMES) await other.engine.delete(parseAddress(name));
        for (const name of ["a", "b", "default"]) await other.engine.projects.delete(name).catch(() => {});
        textOf(await other.engine.create(parseAddress("own"), { kind: "manual", value: bytes("kept") }, "carol"));
      } else {
        refused += 1;
        assert.ok(await isUntouched(other));
      }
    }
    assert.ok(refused > 0 && refused < 100, `${refused} refused`);
  }));
