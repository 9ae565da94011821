/** What a run leaves behind, searched for after it: no plaintext, data key or master key, and no core file. @module */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { LocalKeys } from "#domain/sealing/mod.ts";
import { filesIn } from "../../support/files.ts";
import { SecretsClient } from "../../support/secrets_client.ts";
import { createSecretsVault, MASTER_KEY } from "../../support/secrets_vault.ts";
import { run, type TestVault } from "../../support/test_vault.ts";

/** Where the keys have to be. */
const HOMES = /\/(configs\/(master_key|previous_key|tokens\.yml)|vault-keys\/.*|certs\/server\.key)$/;
const PREVIOUS = Buffer.alloc(32, "former-canary-key").toString("base64");

/** The forms in which bytes may be written: as they are, in base64 at each of its three offsets, and in hexadecimal. */
function formsOf(secret: Uint8Array): Buffer[] {
  const raw = Buffer.from(secret), hex = raw.toString("hex");
  const shifted = [0, 1, 2].map((skip) => raw.subarray(skip, skip + 15)); // without the digits that depend on neighbours
  const base64 = shifted.flatMap((part) => [part.toString("base64"), part.toString("base64url")]);
  return [
    raw,
    Buffer.from(raw.toString("latin1"), "utf16le"),
    ...[hex, hex.toUpperCase(), ...base64].map((text) => Buffer.from(text)),
  ];
}

function isIn(bytes: Uint8Array, secret: Uint8Array): boolean {
  return formsOf(secret).some((form) => Buffer.from(bytes).includes(form));
}

/** All data keys in the database of a vault that was killed, opened with the master keys as an owner of both could. */
async function dataKeysOf(database: string): Promise<Uint8Array[]> {
  const copy = await Deno.makeTempDir({ prefix: "rv-copy-" }); // opening it would empty the WAL
  try {
    for (const suffix of ["", "-wal"]) await Deno.copyFile(database + suffix, join(copy, `copy.db${suffix}`));
    return await unwrapAll(join(copy, "copy.db"));
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
}

async function unwrapAll(database: string): Promise<Uint8Array[]> {
  const texts = { local: MASTER_KEY, former: PREVIOUS };
  const keys = Object.entries(texts).map(([id, text]) => [id, new Uint8Array(Buffer.from(text, "base64"))] as const);
  const local = new LocalKeys({ keyId: "local", keys: new Map(keys) });
  using db = new DatabaseSync(database);
  const rows = db.prepare("SELECT key_id, wrapped_key FROM versions").all();
  return await Promise.all(rows.map(({ key_id, wrapped_key }) => {
    const wrapped = { keyId: String(key_id), wrapped: wrapped_key as Uint8Array };
    return local.unwrap(wrapped, { secret: "", version: 1 });
  }));
}

/** Two versions of a value, a pair and a generated value. @returns All of them. */
async function writeSecrets(vault: TestVault): Promise<Uint8Array[]> {
  using client = new SecretsClient(vault, await vault.issueToken("alice"));
  const values = [
    "plaintext-canary-one-0001",
    "plaintext-canary-two-0002",
    "pair-user-canary-0003",
    "pair-word-canary-0004",
  ];
  const [value, second, username, password] = values;
  const made = await client.post("/v1/secrets", { name: "a/b", kind: "manual", value, grace_period_secs: 600 });
  assert.equal(made.status, 201, made.text);
  assert.equal((await client.put("/v1/secrets/a/b", { value: second })).status, 200);
  assert.equal((await client.post("/v1/secrets", { name: "a/pair", kind: "manual", username, password })).status, 201);
  const automatic = { name: "a/auto", kind: "automatic", rotation_interval_secs: 3600 };
  values.push((await client.post("/v1/secrets", automatic)).body.value);
  values.push((await client.post("/v1/secrets/a/auto/rotate")).body.value);
  for (const name of ["a/b", "a/pair", "a/auto"]) assert.equal((await client.get(`/v1/secrets/${name}`)).status, 200);
  assert.equal((await client.post("/v1/secrets/a/b/verify", { value })).body.valid, true);
  return values.map((text) => new TextEncoder().encode(text));
}

Deno.test("no plaintext, data key or master key is in the database, its WAL, a log or any other file after a run", async () => {
  await using vault = await createSecretsVault({ sections: { log: "log: {level: debug}" } });
  const config = await Deno.readTextFile(vault.config);
  const previous = config.replace("{mode: local,", "{mode: local, previous_keys: {former: configs/previous_key},");
  assert.notEqual(previous, config);
  await Deno.writeTextFile(vault.config, previous);
  await Deno.writeTextFile(join(vault.dir, "configs/previous_key"), PREVIOUS, { mode: 0o600 });
  await vault.start();
  const database = join(vault.dir, "secrets-store/secrets.db");
  const secrets: Uint8Array[] = [MASTER_KEY, PREVIOUS].map((text) => new Uint8Array(Buffer.from(text, "base64")));
  secrets.push(...await writeSecrets(vault));
  const assertNone = () => {
    const files = [...filesIn(vault.dir)].filter((path) => !HOMES.test(path));
    const texts = [
      ...files.map((path) => [path, Deno.readFileSync(path)] as const),
      ["the log", Buffer.from(vault.stderr)] as const,
    ];
    for (const [where, bytes] of texts) {
      secrets.forEach((secret, i) => assert.equal(isIn(bytes, secret), false, `secret ${i} in ${where}`));
    }
    return files;
  };
  await vault.stop("SIGKILL");
  const dataKeys = await dataKeysOf(database);
  assert.equal(dataKeys.length, 5);
  secrets.push(...dataKeys);
  assert.ok(assertNone().includes(`${database}-wal`), "what is not yet in the database is in its WAL");
  await vault.start();
  assert.equal((await vault.stop()).code, 0, vault.stderr);
  const files = assertNone();
  assert.ok(files.includes(database) && files.some((path) => path.endsWith("audit.log")), files.join());
  assert.ok(
    isIn(await Deno.readFile(join(vault.dir, "configs/master_key")), secrets[0]),
    "the search finds what is there",
  );
});

/** Runs a command in a folder, with core files of any size allowed. */
const WITH_CORES = ["sh", "-c", 'ulimit -c unlimited && cd "$CORES" && exec "$@"', "sh"];

Deno.test({
  name: "a daemon that crashes leaves no core file, whatever its shell allows",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const control = await Deno.makeTempDir({ prefix: "rv-core-" });
    await using vault = await createSecretsVault({ through: WITH_CORES, inInstallDir: { CORES: "cores" } });
    try {
      const crash = ["-c", 'ulimit -c unlimited && cd "$0" && kill -ABRT $$', control];
      assert.notEqual((await run("sh", crash)).code, 0);
      // Elsewhere the kernel hands core files to a program, or puts them out of sight.
      const isSeen = [...Deno.readDirSync(control)].length > 0;
      await Deno.mkdir(join(vault.dir, "cores"));
      await vault.start();
      await writeSecrets(vault);
      const limits = await Deno.readTextFile(`/proc/${vault.pid}/limits`);
      assert.match(limits, /^Max core file size +0 +0 /m);
      const { signal } = await vault.stop("SIGABRT");
      assert.equal(signal, "SIGABRT");
      assert.deepEqual([...Deno.readDirSync(join(vault.dir, "cores"))], []);
      const pattern = (await Deno.readTextFile("/proc/sys/kernel/core_pattern")).trim();
      if (pattern === "core") assert.ok(isSeen, "another process does leave one here");
    } finally {
      await Deno.remove(control, { recursive: true });
    }
  },
});
