import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { canonicalName, parseAddress } from "#domain/secrets/mod.ts";
import { SeededRandom } from "../../../../tests/support/random.ts";
import { bytes, refusal, TestEngine, textOf } from "../../../../tests/support/secret_engine.ts";

const NAMES = ["a/x", "a/y", "b/pair", "default/auto"];
const DAMAGED = NAMES[1];
/** `RUNEVAULT_DAMAGE_SEED` repeats a run. */
const SEED = Number(Deno.env.get("RUNEVAULT_DAMAGE_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0]);
const FLIPS = 300;

/** What was written: texts by name, newest version last. */
type Values = Readonly<Record<string, readonly string[]>>;

async function write(path: string): Promise<Values> {
  await using test = new TestEngine({ path });
  const { engine } = test, values: Record<string, string[]> = {};
  for (const name of NAMES) {
    const address = parseAddress(name), isPair = name === "b/pair";
    const material = (i: number) =>
      isPair ? { username: bytes("user"), password: bytes(`pw${i}`) } : { value: bytes(`value ${i} of ${name}`) };
    const kind = name === "default/auto" ? "automatic" as const : "manual" as const;
    const settings = { description: `about ${name}`, rotationIntervalSeconds: 60, graceSeconds: 500 };
    values[name] = [textOf(await engine.create(address, { kind, ...settings, ...material(1) }, "alice"))];
    for (let i = 2; i <= 3; i++) {
      await engine.update(address, material(i), "bob");
      values[name].push(textOf(await engine.get(address)));
    }
  }
  await test.store.saveRewrapState({ lastCompletedRotationAt: 1, lastSweptAt: 2, updatedAt: 3 });
  return values;
}

async function inDirectory(use: (path: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "rv-damage-" });
  try {
    await use(join(directory, "secrets.db"));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** A column of a table with one bit changed in the rows of one secret; `which` picks them. */
function flipColumn(path: string, table: string, column: string, which: string): void {
  const db = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  try {
    db.exec("PRAGMA ignore_check_constraints = ON");
    const { value } = db.prepare(`SELECT ${column} AS value FROM ${table} WHERE ${which}`).get()!;
    db.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${which}`).run(flipped(value));
  } finally {
    db.close();
  }
}

function flipped(value: unknown) {
  if (value === null) return 1;
  if (typeof value === "number") return value ^ 64;
  if (typeof value === "string") {
    return value.slice(0, -1) + String.fromCharCode(value.charCodeAt(value.length - 1) ^ 8);
  }
  const copy = Uint8Array.from(value as Uint8Array);
  copy[copy.length - 1] ^= 1;
  return copy;
}

function columnsIn(path: string, table: string): string[] {
  const db = new DatabaseSync(path);
  try {
    return db.prepare(`SELECT name FROM pragma_table_info('${table}')`).all().map(({ name }) => String(name));
  } finally {
    db.close();
  }
}

/** Every other secret is whole, in every version and in the list. */
async function checkOthers({ engine }: TestEngine, values: Values): Promise<void> {
  for (const name of NAMES.filter((name) => name !== DAMAGED)) {
    const address = parseAddress(name);
    assert.deepEqual(await Promise.all([1, 2, 3].map(async (i) => textOf(await engine.get(address, i)))), values[name]);
    assert.equal((await engine.versions(address)).length, 3);
    const { secrets } = await engine.list();
    assert.ok(secrets.some((secret) => canonicalName(secret) === name));
  }
}

Deno.test("one changed bit in any column of a secret is an error for that secret alone", () =>
  inDirectory(async (path) => {
    const values = await write(path), original = await Deno.readFile(path);
    const columns = columnsIn(path, "secrets");
    assert.equal(columns.length, 14);
    for (const column of columns) {
      await Deno.writeFile(path, original);
      flipColumn(path, "secrets", column, `name = '${DAMAGED}'`);
      await using test = new TestEngine({ path });
      const { engine } = test, address = parseAddress(DAMAGED);
      const wanted = column === "name" ? /^NOT_FOUND/ : /^DATA_LOSS secret 'a\/y'/;
      for (
        const call of [
          engine.get(address),
          engine.get(address, 1),
          engine.describe(address),
          engine.versions(address),
          engine.update(address, { description: "d" }, "alice"),
        ]
      ) assert.match(await refusal(call), wanted, column);
      if (column !== "name") assert.match(await refusal(engine.verify(address, bytes("x"))), wanted, column);
      const { damaged } = await engine.list();
      assert.deepEqual(damaged.map(({ name }) => name), [column === "name" ? flipped(DAMAGED) : DAMAGED]);
      const seen = await engine.list({ visible: (resource) => resource !== "secret:a:x" });
      assert.deepEqual(seen.damaged.map(({ name }) => name), damaged.map(({ name }) => name), column);
      await checkOthers(test, values);
      if (column === "name") continue;
      await engine.delete(address);
      textOf(await engine.create(address, { kind: "manual", value: bytes("again") }, "alice"));
      assert.equal(textOf(await engine.get(address)), "again");
    }
  }));

Deno.test("one changed bit in any column of a version is an error for that secret alone", () =>
  inDirectory(async (path) => {
    const values = await write(path), original = await Deno.readFile(path);
    const columns = columnsIn(path, "versions");
    assert.equal(columns.length, 14);
    for (const column of columns) {
      for (const version of [1, 3]) {
        await Deno.writeFile(path, original);
        flipColumn(path, "versions", column, `secret_id = 2 AND version = ${version}`);
        await using test = new TestEngine({ path });
        const { engine } = test, address = parseAddress(DAMAGED);
        const read = await refusal(engine.get(address, version));
        if (column === "surplus") assert.equal(read, "OK", "it only finds rows");
        else if (["secret_id", "version"].includes(column) && version === 1) assert.match(read, /^NOT_FOUND/);
        else assert.match(read, /^DATA_LOSS .*a\/y/, column);
        assert.equal(textOf(await engine.get(address, 2)), values[DAMAGED][1], column);
        await checkOthers(test, values);
      }
    }
  }));

Deno.test("one changed bit in any column of a project, or of the state of re-wrapping, is an error for that alone", () =>
  inDirectory(async (path) => {
    const values = await write(path), original = await Deno.readFile(path);
    for (const column of columnsIn(path, "projects")) {
      await Deno.writeFile(path, original);
      flipColumn(path, "projects", column, "name = 'a'");
      await using test = new TestEngine({ path });
      const { projects } = test.engine;
      assert.match(
        await refusal(projects.get("a")),
        column === "name" ? /^NOT_FOUND/ : /^DATA_LOSS project 'a'/,
        column,
      );
      const list = await projects.list();
      assert.deepEqual([list.projects.map(({ name }) => name), list.damaged.length], [["b", "default"], 1]);
      await checkOthers(test, values);
    }
    for (const column of columnsIn(path, "rewrap_state").filter((column) => column !== "id")) {
      await Deno.writeFile(path, original);
      flipColumn(path, "rewrap_state", column, "id = 1");
      await using test = new TestEngine({ path });
      assert.match(await refusal(test.store.readRewrapState()), /^DATA_LOSS the state of re-wrapping/);
      await checkOthers(test, values);
    }
  }));

Deno.test("a damaged project keeps no other from being the default, and can be deleted", () =>
  inDirectory(async (path) => {
    await write(path);
    {
      await using test = new TestEngine({ path });
      await test.engine.projects.create("empty", "about it", "alice");
      await test.engine.projects.setDefault("empty");
    }
    const original = await Deno.readFile(path);
    for (const column of columnsIn(path, "projects").filter((column) => column !== "name")) {
      await Deno.writeFile(path, original);
      flipColumn(path, "projects", column, "name = 'empty'");
      await using test = new TestEngine({ path });
      const { projects } = test.engine;
      assert.equal((await projects.setDefault("b")).isDefault, true, column);
      const { projects: whole } = await projects.list();
      assert.deepEqual(whole.filter(({ isDefault }) => isDefault).map(({ name }) => name), ["b"], column);
      assert.equal(await refusal(projects.delete("empty")), "OK", column);
      assert.match(await refusal(projects.delete("empty")), /^NOT_FOUND/);
      assert.equal((await projects.create("empty", "anew", "bob")).description, "anew");
    }
  }));

Deno.test("rows that were exchanged open under no other name or version", () =>
  inDirectory(async (path) => {
    await write(path);
    const db = new DatabaseSync(path, { enableForeignKeyConstraints: false });
    db.exec("UPDATE versions SET secret_id = -secret_id WHERE secret_id IN (1, 2)");
    db.exec("UPDATE versions SET secret_id = 3 + secret_id WHERE secret_id < 0");
    db.close();
    await using test = new TestEngine({ path });
    for (const name of ["a/x", "a/y"]) {
      for (const version of [1, 2, 3]) {
        assert.match(await refusal(test.engine.get(parseAddress(name), version)), /^DATA_LOSS .*a\/[xy]' version/);
      }
    }
  }));

Deno.test("a sealed value that is whole but another's, or another version's, opens nowhere else", () =>
  inDirectory(async (path) => {
    await write(path);
    await using test = new TestEngine({ path });
    const { secret, version } = (await test.store.readVersion(parseAddress("a/x"), 1))!;
    const stolen = parseAddress("thief/x");
    await test.store.importSecrets([{
      ...secret,
      address: stolen,
      currentVersion: 1,
      versions: [{ ...version!, expiresAt: null }],
    }]);
    assert.match(await refusal(test.engine.get(stolen)), /^DATA_LOSS secret 'thief\/x' version 1 cannot be opened/);
    assert.match(await refusal(test.engine.verify(stolen, bytes("value 1 of a/x"))), /^DATA_LOSS/);
    const later = parseAddress("a/later");
    const { sealed } = version!;
    await test.store.importSecrets([{
      ...secret,
      address: later,
      currentVersion: 2,
      versions: [{ ...version!, version: 2, sealed: { ...sealed, aad: bytes("a/later:2") }, expiresAt: null }],
    }]);
    assert.match(await refusal(test.engine.get(later)), /^DATA_LOSS .*authentication failed/);
  }));

Deno.test(`${FLIPS} single bits changed anywhere in the file give errors, never a wrong value (seed ${SEED})`, () =>
  inDirectory(async (path) => {
    const values = await write(path), original = await Deno.readFile(path), random = new SeededRandom(SEED);
    let errors = 0, whole = 0;
    for (let i = 0; i < FLIPS; i++) {
      const copy = original.slice();
      copy[random.below(copy.length)] ^= 1 << random.below(8);
      await Deno.writeFile(path, copy);
      for (const suffix of ["-wal", "-journal"]) await Deno.remove(path + suffix).catch(() => {});
      let test: TestEngine;
      try {
        test = new TestEngine({ path });
      } catch {
        errors += 1; // in the header or the schema: nothing can be read
        continue;
      }
      await using _ = test;
      const failed = await readAll(test, values);
      if (failed > 0) errors += 1;
      else whole += 1;
    }
    assert.ok(errors > FLIPS / 50 && whole > FLIPS / 50, `${errors} errors, ${whole} whole`);
  }));

/** Reads all there is, and fails on anything that was not written; returns how many reads were refused. */
async function readAll({ engine }: TestEngine, values: Values): Promise<number> {
  let refused = 0;
  const attempt = async <T>(call: Promise<T>, check: (result: T) => void) => {
    let result: T;
    try {
      result = await call;
    } catch {
      refused += 1;
      return;
    }
    check(result);
  };
  for (const name of NAMES) {
    const address = parseAddress(name);
    await attempt(engine.get(address), (opened) => assert.equal(textOf(opened), values[name][2]));
    for (const version of [1, 2, 3]) {
      await attempt(engine.get(address, version), (opened) => assert.equal(textOf(opened), values[name][version - 1]));
    }
    await attempt(engine.verify(address, bytes("wrong")), ({ valid }) => assert.equal(valid, false));
    await attempt(engine.describe(address), ({ description }) => assert.equal(description, `about ${name}`));
  }
  await attempt(engine.list(), ({ secrets, damaged }) => {
    refused += damaged.length;
    for (const secret of secrets) assert.equal(secret.description, `about ${canonicalName(secret)}`);
  });
  return refused;
}
