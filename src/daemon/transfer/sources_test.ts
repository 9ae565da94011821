import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { TempDir } from "#config/testing.ts";
import { EnvelopeSealer, LocalKeys } from "#domain/sealing/mod.ts";
import { encodeUserPass } from "#domain/secrets/mod.ts";
import { nameSecrets, projectsOf, readHyperion, readMyVault } from "./mod.ts";

/** Key and vectors of contract secrets.md B.8. */
const KEY = "base64:jFi1bkzTyKQ5BLtw2dBDo1RItDXlKo8A5z2JbC6TExE=";
const IV = "000102030405060708090a0b";
const ASCII = ["9a4c23b17de7d55af9882cfa964580ab07e79927e24341893a9b", "5d7a8aa7dbf80ba2ecf2edd6c019e5d1"];
const KATAKANA = ["0abac2378d73", "1464f1dd684c948753e6b96e4a368b25"];
const MASTER = new Uint8Array(32).fill(9);
const bytes = (text: string) => new TextEncoder().encode(text);

interface Row {
  readonly project?: string;
  readonly path: string;
  readonly cells: readonly (string | Uint8Array)[];
}

function myVault(dir: TempDir, rows: readonly Row[], { createdAt = true, wal = false } = {}): string {
  const path = dir.join("myvault.db");
  using db = new DatabaseSync(path);
  if (wal) db.exec("PRAGMA journal_mode = WAL");
  db.exec(
    `CREATE TABLE projects (id INTEGER PRIMARY KEY, name VARCHAR(255), description VARCHAR(500), is_default BOOLEAN,
    created_at DATETIME, created_by VARCHAR(100));
    INSERT INTO projects VALUES (1, 'app', 'An app', 1, '2025-10-06 12:00:00.123456', 'svc'), (2, 'my shop', NULL, 0, '', '');
    CREATE TABLE secrets (id INTEGER PRIMARY KEY, project VARCHAR(255), path VARCHAR(500), encrypted_value, encryption_iv,
    encryption_tag, version INTEGER, ${
      createdAt ? "created_at DATETIME," : ""
    } updated_at DATETIME, updated_by VARCHAR(100))`,
  );
  for (const { project = "app", path, cells: [value, tag] } of rows) {
    const iv = typeof value === "string" ? IV : Uint8Array.fromHex(IV);
    const columns = `project, path, encrypted_value, encryption_iv, encryption_tag, version, updated_at, updated_by`;
    db.prepare(`INSERT INTO secrets (${columns}) VALUES (?, ?, ?, ?, ?, 4, '2025-10-07 12:00:00.5', 'svc')`)
      .run(project, path, value, iv, tag);
  }
  if (createdAt) db.exec("UPDATE secrets SET created_at = '2025-10-06T12:00:00'");
  return path;
}

const WANT = (value: string) => ({
  kind: "manual",
  format: "opaque",
  current_version: 4,
  created_at_ms: Date.UTC(2025, 9, 6, 12),
  updated_at_ms: Date.UTC(2025, 9, 7, 12, 0, 0, 500),
  updated_by: "svc",
  versions: [{
    version: 4,
    created_at_ms: Date.UTC(2025, 9, 7, 12, 0, 0, 500),
    created_by: "svc",
    expires_at: null,
    value,
  }],
});

Deno.test("readMyVault() opens the vectors of B.8, in columns of text and of bytes", async () => {
  using dir = new TempDir();
  const path = myVault(
    dir,
    [
      { path: "api/key", cells: ASCII },
      { path: "word", cells: KATAKANA },
      { path: "binary", cells: ASCII.map((hex) => Uint8Array.fromHex(hex)) },
      { path: "text-in-blob", cells: ASCII.map((hex) => bytes(hex)) },
    ],
  );
  const before = await Deno.readFile(path);
  const { projects, defaultProject, secrets } = await readMyVault(path, `${KEY}\n`);
  assert.deepEqual(projects, [{ name: "app", description: "An app" }, { name: "my shop", description: null }]);
  assert.equal(defaultProject, "app");
  assert.deepEqual(projectsOf(projects), projects.slice(0, 1));
  assert.deepEqual(secrets, [
    { from: "app/api/key", secret: WANT("super-secret-api-key-12345") },
    { from: "app/word", secret: WANT("パス") },
    { from: "app/binary", secret: WANT("super-secret-api-key-12345") },
    { from: "app/text-in-blob", secret: WANT("super-secret-api-key-12345") },
  ]);
  assert.deepEqual(await Deno.readFile(path), before);
  assert.deepEqual([...Deno.readDirSync(dir.path)].map(({ name }) => name), ["myvault.db"]);
});

Deno.test("readMyVault() finds the default project, if there is one", async () => {
  for (
    const [change, want] of [
      ["UPDATE projects SET is_default = name <> 'app'", "my shop"],
      ["UPDATE projects SET is_default = 0", undefined],
      ["ALTER TABLE projects DROP COLUMN is_default", undefined],
    ] as const
  ) {
    using dir = new TempDir();
    const path = myVault(dir, []);
    using db = new DatabaseSync(path);
    db.exec(change);
    assert.equal((await readMyVault(path, KEY)).defaultProject, want, change);
  }
});

Deno.test("readMyVault() takes the time of the last change where the database has no other", async () => {
  using dir = new TempDir();
  const { secrets: [{ secret }] } = await readMyVault(
    myVault(dir, [{ path: "x", cells: ASCII }], { createdAt: false }),
    KEY,
  );
  assert.equal(secret.created_at_ms, Date.UTC(2025, 9, 7, 12, 0, 0, 500));
});

for (
  const { name, rows, key = KEY, want } of [
    {
      name: "another master key",
      rows: [{ path: "x", cells: ASCII }],
      key: `base64:${btoa("k".repeat(32))}`,
      want: /secret 'app\/x': authentication failed/,
    },
    {
      name: "a key without its prefix",
      rows: [],
      key: KEY.slice(7),
      want: /^PayloadError: --master-key-file: .* must start with 'base64:'/,
    },
    {
      name: "a changed tag",
      rows: [{ path: "x", cells: [ASCII[0], KATAKANA[1]] }],
      want: /secret 'app\/x': authentication failed/,
    },
    {
      name: "a column that is no hexadecimal",
      rows: [{ path: "x", cells: ["zz", ASCII[1]] }],
      want: /encrypted_value is not/,
    },
  ]
) {
  Deno.test(`readMyVault() refuses ${name}, quoting neither key nor value`, async () => {
    using dir = new TempDir();
    const reason = await readMyVault(myVault(dir, rows), key).then(() => undefined, String);
    assert.match(reason!, want);
    assert.ok(!reason!.includes(KEY.slice(7)) && !reason!.includes("super-secret"));
  });
}

Deno.test("readMyVault() refuses what is no such database", async () => {
  using dir = new TempDir();
  await Deno.writeTextFile(dir.join("text"), "hello, this is no database at all");
  await assert.rejects(readMyVault(dir.join("text"), KEY), /is no SQLite file/);
  new DatabaseSync(dir.join("other.db")).exec("CREATE TABLE t (a)");
  await assert.rejects(readMyVault(dir.join("other.db"), KEY), /is no database of myVault/);
  await assert.rejects(readMyVault(myVault(dir, [], { wal: true }), KEY), /journal_mode=DELETE/);
});

function sealerOf(): EnvelopeSealer {
  return new EnvelopeSealer({ keys: new LocalKeys({ keyId: "k", keys: new Map([["k", MASTER.slice()]]) }) });
}

/** Byte strings as hyperion writes them. */
function asBytes(record: unknown): number[] {
  return [...bytes(JSON.stringify(record, (_, value) => value instanceof Uint8Array ? [...value] : value))];
}

async function hyperion(dir: TempDir, changes: Record<string, unknown> = {}): Promise<string> {
  const sealer = sealerOf();
  const version = async (name: string, number: number, text: Uint8Array, expires_at: number | null) => {
    const { wrappedKey: wrapped_dek, nonce, ciphertext, aad } = await sealer.seal(name, number, text);
    const rest = { kms_key_id: "local", created_at: 100 + number, expires_at, wrapped_rotation_at: null };
    const key = `${name}\0${String(number).padStart(10, "0")}`;
    return [key, asBytes({ version: number, wrapped_dek, nonce, ciphertext, aad, ...rest })];
  };
  const secret = (name: string, rest: Record<string, unknown>) => [
    name,
    asBytes({
      name,
      kind: "manual",
      format: "opaque",
      description: null,
      rotation_interval_secs: null,
      grace_secs: 0,
      ...rest,
    }),
  ];
  const times = { created_at: 100, updated_at: 200, next_rotation_at: null };
  const pair = encodeUserPass({ username: bytes("app"), password: bytes('p"w') });
  const backup = {
    version: 1,
    secrets: [
      secret("db/app", { ...times, format: "userpass", current_version: 1, target: { type: "pg_replica" } }),
      secret("key", {
        ...times,
        kind: "automatic",
        rotation_interval_secs: 60,
        grace_secs: 30,
        current_version: 2,
        next_rotation_at: 260,
      }),
      secret("odd", { ...times, rotation_interval_secs: -5, current_version: 1 }),
    ],
    versions: [
      await version("db/app", 1, pair, null),
      await version("key", 1, bytes("old"), 230),
      await version("key", 2, bytes("new"), null),
      await version("odd", 1, bytes("x"), null),
    ],
    roles: [],
    tokens: [],
    ...changes,
  };
  const path = dir.join("backup.json");
  await Deno.writeTextFile(path, JSON.stringify(backup));
  return path;
}

const masterText = (key = MASTER) => bytes(key.toBase64());

Deno.test("readHyperion() opens every version, with grace, kinds and pairs", async () => {
  using dir = new TempDir();
  const { secrets, targets } = await readHyperion(await hyperion(dir), masterText());
  assert.deepEqual(targets, ["db/app"]);
  assert.deepEqual(secrets.map(({ from }) => from), ["db/app", "key", "odd"]);
  const [app, key, odd] = secrets.map(({ secret }) => secret);
  const by = { created_by: "hyperion" };
  assert.deepEqual(app.versions, [{
    version: 1,
    created_at_ms: 101_000,
    ...by,
    expires_at: null,
    username: "app",
    password: 'p"w',
  }]);
  assert.deepEqual(key, {
    kind: "automatic",
    format: "opaque",
    description: null,
    rotation_interval_secs: 60,
    grace_period_secs: 30,
    next_rotation_at: 260,
    current_version: 2,
    created_at_ms: 100_000,
    updated_at_ms: 200_000,
    updated_by: "hyperion",
    versions: [
      { version: 1, created_at_ms: 101_000, ...by, expires_at: 230, value: "old" },
      { version: 2, created_at_ms: 102_000, ...by, expires_at: null, value: "new" },
    ],
  });
  assert.equal(odd.rotation_interval_secs, null, "hyperion stores any interval for a manual secret");
});

for (
  const { name, changes, key, want } of [
    {
      name: "another master key",
      key: new Uint8Array(32),
      want: /'db\/app' version 1 cannot be opened.*\(another master key, or/,
    },
    {
      name: "a key that is none",
      key: new Uint8Array(31),
      want: /--master-key-file: hyperion's master key is base64 of/,
    },
    { name: "another version", changes: { version: 2 }, want: /no backup of version 1/ },
    { name: "secrets that are no list", changes: { secrets: {} }, want: /'secrets' is no list/ },
    { name: "a record that is no JSON", changes: { secrets: [["a", [1, 2]]] }, want: /secret 'a' is not JSON/ },
    { name: "a record that is no bytes", changes: { secrets: [["a", [256]]] }, want: /no list of bytes/ },
    {
      name: "a record without its number",
      changes: { secrets: [["a", asBytes({})]] },
      want: /current_version is no integer/,
    },
  ]
) {
  Deno.test(`readHyperion() refuses ${name}`, async () => {
    using dir = new TempDir();
    await assert.rejects(readHyperion(await hyperion(dir, changes), masterText(key)), want);
  });
}

Deno.test("readHyperion() refuses a version that was moved to another name", async () => {
  using dir = new TempDir();
  const backup = JSON.parse(await Deno.readTextFile(await hyperion(dir)));
  backup.versions[3][0] = backup.versions[2][0];
  backup.versions.splice(2, 1);
  await Deno.writeTextFile(dir.join("backup.json"), JSON.stringify(backup));
  await assert.rejects(
    readHyperion(dir.join("backup.json"), masterText()),
    /'key' version 1 cannot be opened: it was sealed/,
  );
});

Deno.test("readHyperion() does not quote a file that is no JSON", async () => {
  using dir = new TempDir();
  await Deno.writeTextFile(dir.join("b"), "canary-value is here");
  await assert.rejects(readHyperion(dir.join("b"), masterText()), (reason) => {
    assert.match(String(reason), /is not JSON/);
    return !String(reason).includes("canary");
  });
});

const found = (...names: string[]) => names.map((from) => ({ from, secret: { versions: [{ value: "v" }] } }));

Deno.test("nameSecrets() gives names of here, renames and skips", () => {
  const options = { renames: ["my shop/key=shop/key", "a=b=c/d"], skips: ["x"] };
  const { secrets, skipped } = nameSecrets(found("my shop/key", "a=b", "x", "p/q"), options);
  assert.deepEqual(secrets.map(({ name }) => name), ["shop/key", "c/d", "p/q"]);
  assert.deepEqual(secrets.map(({ secret: { project, path } }) => [project, path])[0], ["shop", "key"]);
  assert.deepEqual(skipped, ["x"]);
});

for (
  const { name, secrets, renames = [], want } of [
    {
      name: "names that cannot be",
      secrets: found("/lead", "a//b", "ok/x"),
      want: /2 of the secrets.*'\/lead' is no name here; 'a\/\/b'.*--rename.*--skip/,
    },
    {
      name: "two secrets of one name",
      secrets: found("default/x", "x"),
      want: /'x' would have the name of 'default\/x'/,
    },
    {
      name: "an empty value",
      secrets: [{ from: "a", secret: { versions: [{ value: "" }] } }],
      want: /'a' has an empty value/,
    },
    {
      name: "a value that is too large",
      secrets: [{ from: "a", secret: { versions: [{ password: "é".repeat(32_769) }] } }],
      want: /more than 65536 bytes/,
    },
    { name: "a rename of nothing", secrets: found("a"), renames: ["b=c"], want: /no secret 'b'/ },
    { name: "a rename without its new name", secrets: found("a"), renames: ["a"], want: /OLD=NEW/ },
  ]
) {
  Deno.test(`nameSecrets() refuses ${name}`, () => {
    assert.throws(() => nameSecrets(secrets, { renames, skips: [] }), want);
  });
}
