import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { CAN_TRACE } from "../../../../tests/support/faults.ts";
import { ROOT } from "../../../../tests/support/paths.ts";
import { run } from "../../../../tests/support/test_vault.ts";
import { Database } from "./database.ts";
import { SqliteSecretStore } from "./mod.ts";
import { MIGRATIONS } from "./schema.ts";

async function inDirectory(test: (directory: string, path: string) => void | Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "rv-sqlite-" });
  try {
    await test(directory, join(directory, "secrets.db"));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const pragma = (db: Database, name: string) => String(db.get(`PRAGMA ${name}`)![0]);

Deno.test("a file is durable, checked and closed to what it does not need", () =>
  inDirectory((_directory, path) => {
    const db = new Database(path);
    const settings = {
      journal_mode: "wal",
      synchronous: "2",
      foreign_keys: "1",
      trusted_schema: "0",
      secure_delete: "1",
      locking_mode: "exclusive",
      cell_size_check: "1",
    };
    for (const [name, value] of Object.entries(settings)) assert.equal(pragma(db, name), value, name);
    assert.throws(() => db.exec("SELECT load_extension('x')"), /not authorized|no such function/);
    db.close();
    db.close();
  }));

Deno.test("the file and what SQLite writes beside it are private, also when a looser mode was set", () =>
  inDirectory((directory, path) => {
    const modes = () =>
      [...Deno.readDirSync(directory)].map(({ name }) => Deno.statSync(join(directory, name)).mode! & 0o777);
    const db = new Database(path);
    db.exec("INSERT INTO rewrap_state VALUES (1, NULL, NULL, 0, 0)");
    assert.deepEqual(new Set(modes()), new Set([0o600]));
    db.close();
    Deno.chmodSync(path, 0o644);
    new Database(path).close();
    assert.deepEqual(modes(), [0o600]);
  }));

Deno.test("the store works with read and write of its directory alone, and no other file can be attached", () =>
  inDirectory(async (directory, path) => {
    const script = join(directory, "script.ts");
    const store = import.meta.resolve("./mod.ts"), database = import.meta.resolve("./database.ts");
    await Deno.writeTextFile(
      script,
      `import { SqliteSecretStore } from "${store}";
       import { Database } from "${database}";
       const store = new SqliteSecretStore("${path}");
       await store.createProject({ name: "p", description: null, at: 1, actor: "a" });
       await store.snapshot("${path}.snapshot");
       await store.restore("${path}.snapshot", { force: true });
       console.log((await store.listProjects()).length);
       await store.close();
       const db = new Database("${path}");
       for (const sql of ["ATTACH '/etc/passwd' AS x", "VACUUM INTO '/tmp/x'"]) {
         try { db.exec(sql); console.log("done"); } catch (reason) { console.log(reason.message); }
       }`,
    );
    const flags = [
      `--allow-read=${directory}`,
      `--allow-write=${directory}`,
      "--no-prompt",
      `--config=${ROOT}deno.json`,
    ];
    const { code, stdout, stderr } = await run(Deno.execPath(), ["run", "--no-check", "--quiet", ...flags, script]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.deepEqual(stdout.trim().split("\n"), ["1", ...Array(2).fill("too many attached databases - max 0")]);
  }));

Deno.test("the index of the WAL is this process's alone, in an existing file too", () =>
  inDirectory((directory, path) => {
    for (const _opened of ["new", "again"]) {
      const db = new Database(path);
      db.exec("INSERT OR REPLACE INTO rewrap_state VALUES (1, NULL, NULL, 0, 0)");
      const names = [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
      assert.deepEqual(names, ["secrets.db", "secrets.db-wal"]);
      db.close();
    }
  }));

Deno.test({
  name: "what a crash may have left unflushed is on disk before it can be read",
  ignore: !CAN_TRACE,
  fn: () =>
    inDirectory(async (directory, path) => {
      const script = join(directory, "script.ts"), database = import.meta.resolve("./database.ts");
      await Deno.writeTextFile(script, `import { Database } from "${database}"; new Database("${path}");`);
      const deno = [Deno.execPath(), "run", "-A", "--no-check", "--quiet", `--config=${ROOT}deno.json`, script];
      const { code, stderr } = await run("strace", ["-f", "-y", "-e", "trace=fdatasync", ...deno]);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /fdatasync\(\d+<[^>]*\/secrets\.db-wal>\) += 0/);
    }),
});

Deno.test("a second process cannot open a file in use", () =>
  inDirectory((_directory, path) => {
    const db = new Database(path);
    assert.throws(() => new Database(path), {
      code: "FAILED_PRECONDITION",
      message: `secrets store: cannot open ${path}: another process uses it`,
    });
    db.close();
    new Database(path).close();
  }));

const NOW = MIGRATIONS.at(-1)!.version;
const LATER = [...MIGRATIONS, { version: NOW + 1, sql: "ALTER TABLE projects ADD COLUMN colour TEXT" }];

Deno.test("an empty file, a file of this version and one of version 0 are brought forward with what they hold", () =>
  inDirectory(async (_directory, path) => {
    Deno.writeFileSync(path, new Uint8Array(0));
    const store = new SqliteSecretStore(path);
    await store.createProject({ name: "kept", description: null, at: 1, actor: "alice" });
    await store.close();
    const db = new Database(path, LATER);
    assert.equal(pragma(db, "user_version"), `${NOW + 1}`);
    assert.deepEqual(db.all("SELECT name, colour FROM projects"), [["kept", null]]);
    db.close();
    new Database(path, LATER).close();
  }));

Deno.test("a step that fails leaves the file at the version it had", () =>
  inDirectory((_directory, path) => {
    new Database(path).close();
    const broken = [...LATER, {
      version: NOW + 2,
      sql: "CREATE TABLE more (id INTEGER); CREATE TABLE projects (id INTEGER)",
    }];
    assert.throws(() => new Database(path, broken), /cannot open .*table projects already exists/);
    const db = new Database(path);
    assert.equal(pragma(db, "user_version"), `${NOW}`);
    assert.throws(() => db.all("SELECT colour FROM projects"), /no such column/);
    db.close();
  }));

Deno.test("a file from a newer runevault is refused and left as it is", () =>
  inDirectory((_directory, path) => {
    new Database(path, LATER).close();
    const before = Deno.readFileSync(path);
    assert.throws(() => new Database(path), {
      code: "FAILED_PRECONDITION",
      message: `secrets store: cannot open ${path}: its schema is version ${NOW + 1} and this runevault knows up to ` +
        `${NOW}: run a newer runevault`,
    });
    assert.deepEqual(Deno.readFileSync(path), before);
  }));

Deno.test("another program's database, and a file that is none, are refused and left as they are", () =>
  inDirectory((_directory, path) => {
    const other = new DatabaseSync(path);
    other.exec("CREATE TABLE notes (text TEXT)");
    other.close();
    for (const [content, code] of [[undefined, "FAILED_PRECONDITION"], ["not a database ".repeat(500), "DATA_LOSS"]]) {
      if (content) Deno.writeTextFileSync(path, content);
      const before = Deno.readFileSync(path);
      assert.throws(() => new Database(path), { code });
      assert.deepEqual(Deno.readFileSync(path), before);
    }
  }));

Deno.test("a directory that is not there is told with its path", () => {
  assert.throws(
    () => new Database("/nowhere/secrets.db"),
    /^VaultError: secrets store: cannot open \/nowhere\/secrets\.db: /,
  );
});
