import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { LIBRARY_SOURCE } from "#config/library_source.ts";
import { parseAddress } from "#domain/secrets/mod.ts";
import { systemClock } from "#ports/clock.ts";
import { bytes as bytesOf, TestEngine, testMasterKey } from "../../../tests/support/secret_engine.ts";
import { PidFile } from "../pid_file.ts";
import { readBackup } from "./read_backup.ts";
import { restoreBackup } from "./restore_backup.ts";
import { FILES, TestInstall, treeOf } from "./testing.ts";
import { verifyBackup } from "./verify_backup.ts";

const restore = (install: TestInstall, { file = "b.age", dir = "new", force = false } = {}) =>
  restoreBackup({ file: install.join(file), key: install.key, dir: install.join(dir), force, clock: systemClock });

/** The files with a leading mode, as treeOf() has them. */
function restoredTree(): Record<string, string> {
  const files = Object.entries(FILES).map(([path, text]) => [path, `${path.endsWith(".pem") ? 644 : 600} ${text}`]);
  const folders = ["configs/", "vault-keys/", "vault-keys/vault-key/", "secrets/", "certs/", "lib/"];
  const library = `500 ${Deno.readTextFileSync(LIBRARY_SOURCE)}`;
  return {
    ...Object.fromEntries(files),
    ...Object.fromEntries(folders.map((folder) => [folder, "700"])),
    "lib/libenvector.so": library,
  };
}

Deno.test("a backup holds what cannot be made anew, and a restore gives it back with this release's library", async () => {
  await using install = await TestInstall.create();
  const { manifest, verified, stateFrom } = await install.backUp();
  assert.deepEqual(manifest.files.map(({ path }) => path).sort(), Object.keys(FILES).sort());
  assert.equal(manifest.files[0].path, "configs/runevault.conf");
  assert.deepEqual([verified, stateFrom], ["read back", "files"]);
  assert.equal(Deno.statSync(install.join("b.age")).mode! & 0o777, 0o600);
  assert.deepEqual((await readBackup(install.join("b.age"), install.key)).manifest, manifest);
  const { notes, movedTo } = await restore(install);
  assert.deepEqual([notes, movedTo], [[], undefined]);
  assert.deepEqual(treeOf(install.join("new")), restoredTree());
  assert.equal(existsSync(install.join("new.restoring")), false);
});

Deno.test("a backup into a folder that is not there says what cannot be written", async () => {
  await using install = await TestInstall.create();
  await assert.rejects(install.backUp("none/b.age"), /^VaultError: cannot write .*none\/b\.age\.partial: No such file/);
});

Deno.test("a backup is not written over another one, unless it is forced", async () => {
  await using install = await TestInstall.create();
  await install.backUp();
  const before = Deno.readFileSync(install.join("b.age"));
  await assert.rejects(install.backUp(), /is there already/);
  assert.deepEqual(Deno.readFileSync(install.join("b.age")), before);
  await install.backUp("b.age", { force: true });
  assert.notDeepEqual(Deno.readFileSync(install.join("b.age")), before);
});

Deno.test("what an interrupted backup left is named, and neither used nor removed", async () => {
  await using install = await TestInstall.create();
  install.write("b.age.partial", "half");
  await assert.rejects(
    install.backUp(),
    /b\.age\.partial is there: another file is being written, or one was interr/,
  );
  assert.equal(Deno.readTextFileSync(install.join("b.age.partial")), "half");
  using other = Deno.openSync(install.join("b.age.partial"), { write: true });
  other.lockSync(true); // as whoever writes it does
  await assert.rejects(install.backUp("b.age", { force: true }), /another file is being written/);
  other.unlockSync();
  await install.backUp("b.age", { force: true });
  assert.equal(existsSync(install.join("b.age.partial")), false);
});

for (
  const { name, change, want } of [
    {
      name: "a key is missing",
      change: (install) => Deno.removeSync(install.join("vault/vault-keys/vault-key/EvalKey.json")),
      want: /EvalKey\.json is missing/,
    },
    {
      name: "the secret key is damaged",
      change: (install) => {
        const path = install.join("vault/vault-keys/vault-key/SecKey.json");
        Deno.writeTextFileSync(
          path,
          Deno.readTextFileSync(path).replace(/"key_data":\s*"..../, (key) => `${key.slice(0, -4)}AAAA`),
        );
      },
      want: /^vault-keys\/vault-key\/SecKey\.json: entries\[0\]\.hash does not match key_data: the file is damaged$/,
    },
    {
      name: "the public key is cut off",
      change: (install) => install.write("vault/vault-keys/vault-key/EncKey.json", '{"canary'),
      want: /^vault-keys\/vault-key\/EncKey\.json: the envelope is not a JSON object$/,
    },
    {
      name: "the configuration cannot start",
      change: (install) => install.write("vault/configs/runevault.conf", "server: {grpc: {port: 0}}"),
      want: /config invalid:\n {2}- server\.grpc\.port is required/,
    },
    {
      name: "a secret file is missing",
      change: (install) => Deno.removeSync(install.join("vault/secrets/team")),
      want: /cannot back up .*secrets\/team: No such file/,
    },
    {
      name: "something among the certificates is no file",
      change: (install) => new Deno.Command("mkfifo", { args: [install.join("vault/certs/pipe")] }).outputSync(),
      want: /certs\/pipe: it is no regular file/,
    },
    {
      name: "the tokens are no YAML",
      change: (install) => install.write("vault/configs/tokens.yml", "tokens: [canary"),
      want: /tokens file .*: line 1: not valid YAML/,
    },
  ] satisfies { name: string; change: (install: TestInstall) => void; want: RegExp }[]
) {
  Deno.test(`no backup is made when ${name}`, async () => {
    await using install = await TestInstall.create();
    change(install);
    await assert.rejects(install.backUp(), (reason: Error) => {
      assert.match(reason.message, want);
      assert.doesNotMatch(reason.message, /canary/);
      return true;
    });
    assert.deepEqual([...Deno.readDirSync(install.join("."))].map(({ name }) => name), ["vault"]);
  });
}

Deno.test("a stopped vault cannot start while it is backed up", async () => {
  await using install = await TestInstall.create();
  const pidFile = install.join("vault/.runevault.pid");
  const { readState } = await import("./read_state.ts");
  const { loadConfig } = await import("#config/mod.ts");
  const { config } = await loadConfig({ path: install.join("vault/configs/runevault.conf"), secrets: false });
  const state = await readState(config);
  await assert.rejects(PidFile.acquire(pidFile), /already running/);
  await state[Symbol.asyncDispose]();
  await (await PidFile.acquire(pidFile)).release();
});

Deno.test("a restore replaces an install only when forced, and keeps the old one", async () => {
  await using install = await TestInstall.create();
  await install.backUp();
  install.write("vault/configs/tokens.yml", "tokens: []\n");
  const old = treeOf(install.join("vault"));
  await assert.rejects(restore(install, { dir: "vault" }), /vault is not empty: choose another directory, or --force/);
  assert.deepEqual(treeOf(install.join("vault")), old);
  const { movedTo } = await restore(install, { dir: "vault", force: true });
  assert.ok(movedTo?.startsWith(install.join("vault.before/")));
  assert.deepEqual(treeOf(movedTo!), old);
  assert.deepEqual(treeOf(install.join("vault")), restoredTree());
});

Deno.test("a restore refuses while a daemon runs on the directory, also one with a PID file of another name", async () => {
  await using install = await TestInstall.create();
  await install.backUp();
  for (const name of [".runevault.pid", "run/other.pid"]) {
    install.write("vault/configs/runevault.conf", `${FILES["configs/runevault.conf"]}daemon: {pid_file: ${name}}\n`);
    await using _daemon = await PidFile.acquire(install.join(`vault/${name}`));
    await assert.rejects(restore(install, { dir: "vault", force: true }), /a daemon runs on .*vault: stop it first/);
  }
});

Deno.test("a restore takes an empty directory and refuses a link and a second restore", async () => {
  await using install = await TestInstall.create();
  await install.backUp();
  Deno.mkdirSync(install.join("empty"));
  await restore(install, { dir: "empty" });
  assert.deepEqual(treeOf(install.join("empty")), restoredTree());
  Deno.mkdirSync(install.join("real"));
  Deno.symlinkSync(install.join("real"), install.join("link"));
  await assert.rejects(restore(install, { dir: "link" }), /is no directory, or a link/);
  Deno.mkdirSync(install.join("new.restoring"));
  using lock = Deno.openSync(install.join("new.restoring/lock"), { write: true, create: true });
  lock.lockSync(true);
  await assert.rejects(restore(install), /another restore is at work/);
});

Deno.test({
  name: "a restore refuses the root of another file system before any work",
  ignore: !canMount(),
  async fn() {
    await using install = await TestInstall.create();
    await install.backUp();
    const dir = install.join("mounted");
    Deno.mkdirSync(dir);
    await command("mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", dir);
    try {
      await assert.rejects(restore(install, { dir: "mounted" }), /mounted is where another file system is mounted: /);
      assert.equal(existsSync(`${dir}.restoring`), false);
      await restore(install, { dir: "mounted/vault" });
    } finally {
      await command("umount", dir);
    }
  },
});

Deno.test({
  name: "a disk that is full is named, is no fault of the backup, and keeps nothing",
  ignore: !canMount(),
  async fn() {
    await using install = await TestInstall.create();
    await install.backUp();
    const small = install.join("small");
    Deno.mkdirSync(small);
    await command("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small);
    try {
      await assert.rejects(restore(install, { dir: "small/new" }), {
        name: "VaultError",
        message: /^cannot write .*small\/new\.restoring\/tree\/.*: No space left on device/,
      });
      await assert.rejects(install.backUp("small/b.age"), /^VaultError: cannot write .*small\/b\.age.*: No space left/);
      assert.deepEqual([...Deno.readDirSync(small)], []);
    } finally {
      await command("umount", small);
    }
  },
});

Deno.test("files outside the install directory come back below outside/, and the notes say where they belong", async () => {
  await using install = await TestInstall.create();
  install.write("etc/v.pem", "their certificate");
  const text = FILES["configs/runevault.conf"].replace("certs/server.pem", install.join("etc/v.pem"))
    .replace("vault-keys", install.join("vault/vault-keys"));
  install.write("vault/configs/runevault.conf", text);
  await install.backUp();
  const { notes } = await restore(install);
  const config = install.join("new/configs/runevault.conf");
  const restored = install.join(`new/outside${install.join("etc/v.pem")}`);
  assert.deepEqual(notes, [
    `${config} names ${install.join("vault/vault-keys/vault-key")}, which was restored as ` +
    `${install.join("new/vault-keys/vault-key")}: put it there, or change the configuration`,
    `${config} names ${install.join("etc/v.pem")}, which was restored as ${restored}: ` +
    "put it there, or change the configuration",
  ]);
  assert.equal(Deno.readTextFileSync(restored), "their certificate");
});

const { "configs/runevault.conf": CONFIG, ...REST } = FILES;
const withLibrary = (path: string) => ({
  ...FILES,
  "configs/runevault.conf": CONFIG.replace("keys: {", `keys: {library: ${path}, `),
});
for (
  const { name, files = FILES, options = {}, want } of [
    { name: "a library", files: { ...FILES, "lib/libenvector.so": "evil" }, want: /does not belong into a backup/ },
    { name: "a file of no use", files: { ...FILES, "bin/sh": "evil" }, want: /bin\/sh does not belong/ },
    { name: "a hidden file", files: { ...FILES, "certs/.x": "evil" }, want: /certs\/\.x does not belong/ },
    {
      name: "a library that passes for a certificate",
      files: withLibrary("certs/server.pem"),
      want: /does not belong/,
    },
    {
      name: "a library that passes for a certificate in the new directory",
      files: withLibrary("NEW/certs/server.pem"),
      want: /certs\/server\.pem does not belong into a backup: keys\.library names it/,
    },
    { name: "another content", options: { archived: { ...FILES, "secrets/team": "team_secret\n" } }, want: /SHA-256/ },
    { name: "one file less", options: { archived: { "configs/runevault.conf": CONFIG } }, want: /fewer files/ },
    { name: "one file more", options: { archived: { ...FILES, "../../x": "evil" } }, want: /more files/ },
    { name: "no configuration in front", files: REST, want: /its configuration/ },
    { name: "no tokens", files: without("configs/tokens.yml"), want: /configs\/tokens\.yml is missing/ },
    { name: "no secret key", files: without("vault-keys/vault-key/SecKey.json"), want: /SecKey\.json is missing/ },
    {
      name: "a secret key of no use",
      files: { ...FILES, "vault-keys/vault-key/SecKey.json": "canary" },
      want: /SecKey\.json: the envelope is not a JSON object/,
    },
    { name: "tokens of no use", files: { ...FILES, "configs/tokens.yml": "canary" }, want: /configs\/tokens\.yml/ },
    {
      name: "a configuration of no use",
      files: { ...FILES, "configs/runevault.conf": "canary: 1" },
      want: /unknown key/,
    },
  ] as readonly {
    name: string;
    files?: Readonly<Record<string, string>>;
    options?: { archived?: Readonly<Record<string, string>> };
    want: RegExp;
  }[]
) {
  Deno.test(`a restore refuses a backup with ${name}, and nothing is left of it`, async () => {
    await using install = await TestInstall.create();
    const placed = Object.fromEntries(
      Object.entries(files).map(([path, text]) => [path, text.replace("NEW", install.join("new"))]),
    );
    await install.forge(placed, options);
    await assert.rejects(restore(install, { file: "forged.age" }), (reason: Error) => {
      assert.match(reason.message, want);
      assert.ok(reason.message.startsWith(install.join("forged.age")) || /keys\.library/.test(reason.message));
      return true;
    });
    assert.deepEqual([...Deno.readDirSync(install.join("."))].map(({ name }) => name).sort(), ["forged.age", "vault"]);
  });
}

/** Root may mount, where no container forbids it. */
function canMount(): boolean {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  try {
    return new Deno.Command("unshare", { args: ["-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"] }).outputSync().success;
  } catch {
    return false; // there is no unshare
  }
}

async function command(program: string, ...args: string[]): Promise<void> {
  const { code, stderr } = await new Deno.Command(program, { args }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
}

function without(path: string): Record<string, string> {
  return Object.fromEntries(Object.entries(FILES).filter(([other]) => other !== path));
}

Deno.test("a backup that is damaged anywhere, cut off, or for somebody else is refused, and nothing is left of it", async () => {
  await using install = await TestInstall.create();
  const { bytes } = await install.backUp("whole.age");
  const whole = Deno.readFileSync(install.join("whole.age"));
  const places = [30, 100, 200, 300, 70_000, 140_000, bytes - 1];
  const damaged = [...places.map((at) => whole.with(at, whole[at] ^ 4)), ...places.map((end) => whole.slice(0, end))];
  for (const content of [...damaged, new Uint8Array(), new Uint8Array(100_000)]) {
    Deno.writeFileSync(install.join("b.age"), content);
    await assert.rejects(restore(install), { name: "PayloadError" });
    await assert.rejects(readBackup(install.join("b.age"), install.key), { name: "PayloadError" });
    assert.equal(existsSync(install.join("new")) || existsSync(install.join("new.restoring")), false);
  }
  await using other = await TestInstall.create();
  await assert.rejects(readBackup(install.join("whole.age"), other.key), /not encrypted for this identity/);
});

const STORE = "secrets-store/secrets.db";
/** What an install with the secrets engine holds beside its store. */
const WITH_SECRETS: Readonly<Record<string, string>> = {
  ...FILES,
  "configs/runevault.conf": `${FILES["configs/runevault.conf"]}secrets: {kms: {master_key_file: secrets/master}}\n`,
  "secrets/master": `${testMasterKey().toBase64()}\n`,
};

/** Puts a store with one secret of two versions into the install. @returns Its path. */
async function addStore(install: TestInstall): Promise<string> {
  for (const path of ["configs/runevault.conf", "secrets/master"]) install.write(`vault/${path}`, WITH_SECRETS[path]);
  const path = install.join(`vault/${STORE}`);
  Deno.mkdirSync(install.join("vault/secrets-store"));
  await using test = new TestEngine({ path });
  const request = { kind: "manual" as const, value: bytesOf("canary-one"), graceSeconds: 99 };
  (await test.engine.create(parseAddress("p/x"), request, "alice"))[Symbol.dispose]();
  await test.engine.update(parseAddress("p/x"), { value: bytesOf("canary-two") }, "bob");
  return path;
}

Deno.test("verifying a backup reads every record of the secrets' store, and writes nothing", async () => {
  await using install = await TestInstall.create();
  await addStore(install);
  await install.backUp();
  const before = treeOf(install.join("."));
  const { manifest, records, masterKeys } = await verifyBackup(install.join("b.age"), install.key);
  assert.equal(records, "checked");
  assert.deepEqual(masterKeys, [{ keyId: "local", isOpened: true }]);
  assert.ok(manifest.files.some(({ path }) => path === STORE));
  assert.deepEqual(treeOf(install.join(".")), before);
});

const OTHER_KEY = new Uint8Array(32).fill(8).toBase64();
for (
  const { name, kms, isOpened } of [
    { name: "that the configuration itself holds", kms: `master_key: ${testMasterKey().toBase64()}`, isOpened: true },
    {
      name: "that is a previous one",
      kms: `key_id: next, master_key: ${OTHER_KEY}, previous_keys: {local: secrets/master}`,
      isOpened: true,
    },
    { name: "that is in no file of it", kms: `key_id: next, master_key: ${OTHER_KEY}`, isOpened: false },
    { name: "that a key service has", kms: "mode: aws, key_id: k, region: eu-central-1", isOpened: false },
  ]
) {
  Deno.test(`verifying a backup tells of a master key ${name} whether it opens the store`, async () => {
    await using install = await TestInstall.create();
    await addStore(install);
    install.write("vault/configs/runevault.conf", `${FILES["configs/runevault.conf"]}secrets: {kms: {${kms}}}\n`);
    await install.backUp();
    const { masterKeys } = await verifyBackup(install.join("b.age"), install.key);
    assert.deepEqual(masterKeys, [{ keyId: "local", isOpened }]);
  });
}

const NO_KEY = /: the master key 'local' in it is none, so that nothing opens the store.*again/;
for (
  const { name, master, want } of [
    {
      name: "another one",
      master: OTHER_KEY,
      want: /: the master key 'local' in it does not open the store: secret 'p\/x' version 1 cannot be opened.*again/,
    },
    {
      name: "none at all",
      master: "canary",
      want: NO_KEY,
    },
    { name: "an empty file", master: "\n", want: NO_KEY },
  ]
) {
  Deno.test(`verify does not pass a backup whose master key is ${name}`, async () => {
    await using install = await TestInstall.create();
    await addStore(install);
    install.write("vault/secrets/master", master);
    await install.backUp();
    await assert.rejects(verifyBackup(install.join("b.age"), install.key), (reason: Error) => {
      assert.equal(reason.name, "PayloadError");
      assert.ok(reason.message.startsWith(`${install.join("b.age")}: `), reason.message);
      assert.match(reason.message, want);
      return !reason.message.includes("canary") && !reason.message.includes(OTHER_KEY);
    });
  });
}

for (
  const { name, change, want } of [
    {
      name: "a record of another value",
      change: (db) => db.exec("UPDATE versions SET ciphertext = zeroblob(length(ciphertext)) WHERE version = 1"),
      want: /^secrets-store\/secrets\.db: version 1 of .*damaged/,
    },
    {
      name: "a record of another name",
      change: (db) => db.exec("UPDATE secrets SET name = 'p/y'"),
      want: /^secrets-store\/secrets\.db: .*damaged/,
    },
    {
      name: "a secret without its current version",
      change: (db) => db.exec("DELETE FROM versions WHERE version = 2"),
      want: /^secrets-store\/secrets\.db: secret 'p\/x' is damaged/,
    },
    {
      name: "another program's tables",
      change: (db) => db.exec("PRAGMA application_id = 7"),
      want: /^secrets-store\/secrets\.db: .*not a secrets store of runevault/,
    },
  ] satisfies { name: string; change: (db: DatabaseSync) => void; want: RegExp }[]
) {
  Deno.test(`neither verify nor restore passes a backup whose store has ${name}`, async () => {
    await using install = await TestInstall.create();
    const path = await addStore(install);
    {
      using db = new DatabaseSync(path);
      db.exec("PRAGMA journal_mode = DELETE; PRAGMA foreign_keys = OFF");
      change(db);
    }
    const forged = await install.forge({ ...WITH_SECRETS, [STORE]: Deno.readFileSync(path) });
    for (const refused of [verifyBackup(forged, install.key), restore(install, { file: "forged.age" })]) {
      await assert.rejects(refused, (reason: Error) => {
        assert.equal(reason.name, "PayloadError");
        assert.ok(reason.message.startsWith(`${forged}: `), reason.message);
        assert.match(reason.message.slice(forged.length + 2), want);
        return !reason.message.includes("canary");
      });
    }
    assert.deepEqual([...Deno.readDirSync(install.join("."))].map(({ name }) => name).sort(), ["forged.age", "vault"]);
  });
}

Deno.test("neither backup nor restore takes policies that no vault starts with", async () => {
  await using install = await TestInstall.create();
  await addStore(install);
  const policies =
    "policies:\n- {name: x, permissions: [{effect: allow, actions: [canary], resources: ['secret:*:*']}]}\n";
  install.write("vault/configs/policies.yml", policies);
  await assert.rejects(install.backUp(), /configs\/policies\.yml: line 2: unknown action/);
  await install.forge({ ...WITH_SECRETS, "configs/policies.yml": policies });
  await assert.rejects(restore(install, { file: "forged.age" }), /configs\/policies\.yml: line 2: unknown action/);
});
