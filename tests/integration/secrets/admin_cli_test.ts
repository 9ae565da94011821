import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { findProgram } from "../../../ffi/build.ts";
import { EnvelopeSealer, LocalKeys } from "#domain/sealing/mod.ts";
import { ROOT } from "../../support/paths.ts";
import { createSecretsVault, EVERYTHING, startSecretsVault } from "../../support/secrets_vault.ts";
import { type Output, run, TestVault } from "../../support/test_vault.ts";

const LAUNCHER = `${ROOT}src/launch/launch.sh`;
const PASSPHRASE = "correct horse battery staple";

/** Runs a command of the vault's, with a value on its stdin. */
function cli(vault: TestVault, stdin: string | undefined, ...args: string[]): Promise<Output> {
  return run("sh", [LAUNCHER, "--config", vault.config, ...args], stdin);
}

/** As cli(), of a command that has to succeed without a warning. @returns What it printed. */
async function ok(vault: TestVault, stdin: string | undefined, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await cli(vault, stdin, ...args);
  assert.deepEqual([code, stderr], [0, ""], args.join(" "));
  return stdout;
}

async function passphraseIn(vault: TestVault): Promise<string[]> {
  const path = join(vault.dir, "passphrase");
  await Deno.writeTextFile(path, `${PASSPHRASE}\n`, { mode: 0o600 });
  return ["--passphrase-file", path];
}

async function auditLines(vault: TestVault): Promise<Record<string, unknown>[]> {
  const text = await Deno.readTextFile(join(vault.dir, "logs/audit.log"));
  return text.trim().split("\n").map((line) => JSON.parse(line));
}

Deno.test("runevault secret, project and policy do their work on a real daemon", async (t) => {
  await using vault = await startSecretsVault();
  await t.step("put keeps the bytes of stdin, get prints them and nothing else", async () => {
    assert.equal(
      await ok(vault, "s3\ncret\n", "secret", "put", "pay/stripe/key"),
      "Created 'pay/stripe/key': version 1\n",
    );
    assert.equal(await ok(vault, undefined, "secret", "get", "pay/stripe/key"), "s3\ncret\n");
    await ok(vault, "line\r\n", "secret", "put", "pay/trimmed", "--trim-newline");
    assert.equal(await ok(vault, undefined, "secret", "get", "pay/trimmed"), "line");
  });
  await t.step("put takes a file, and makes pairs", async () => {
    const file = join(vault.dir, "pw");
    await Deno.writeTextFile(file, "pässword");
    await ok(vault, undefined, "secret", "put", "pay/db", "--username", "app", "--file", file, "--grace", "1h");
    await ok(vault, "second", "secret", "put", "pay/db", "--description", "the db");
    assert.equal(await ok(vault, undefined, "secret", "get", "pay/db", "--version", "1"), "pässword");
    assert.equal(await ok(vault, undefined, "secret", "get", "pay/db", "--username"), "app");
    const { updated_at: _u, created_at: _c, ...record } = JSON.parse(
      await ok(vault, undefined, "secret", "get", "pay/db", "--json"),
    );
    assert.deepEqual(record, {
      name: "pay/db",
      kind: "manual",
      format: "userpass",
      version: 2,
      description: "the db",
      rotation_interval_secs: null,
      grace_period_secs: 3600,
      next_rotation_at: null,
      updated_by: "admin",
      username: "app",
      password: "second",
    });
  });
  await t.step("put generates, --keep-value keeps, --expected-version guards", async () => {
    await ok(vault, undefined, "secret", "put", "auto", "--generate", "--kind", "automatic", "--interval", "30d");
    const first = await ok(vault, undefined, "secret", "get", "default/auto");
    assert.match(first, /^[\w-]{43}$/);
    await ok(vault, undefined, "secret", "put", "auto", "--keep-value", "--interval", "7d");
    assert.equal(await ok(vault, undefined, "secret", "get", "auto"), first);
    assert.equal(await ok(vault, undefined, "secret", "rotate", "auto"), "Rotated 'default/auto': version 2\n");
    assert.notEqual(await ok(vault, undefined, "secret", "get", "auto"), first);
    for (const version of ["0", "1"]) {
      const { code, stdout } = await cli(vault, "x", "secret", "put", "auto", "--expected-version", version);
      assert.deepEqual([code, stdout], [1, ""]);
    }
    assert.match((await cli(vault, "x", "secret", "put", "new/x", "--expected-version", "1")).stderr, /not there/);
  });
  await t.step("verify exits 0 and 1", async () => {
    assert.equal(await ok(vault, "second", "secret", "verify", "pay/db"), "valid: version 2\n");
    assert.equal(await ok(vault, "pässword", "secret", "verify", "pay/db"), "valid: version 1\n");
    assert.deepEqual(await cli(vault, "third", "secret", "verify", "pay/db", "--json"), {
      code: 1,
      stdout: '{"valid":false,"version":null}\n',
      stderr: "",
    });
  });
  await t.step("verify and policy check tell an error, exit 2, from a no, exit 1", async () => {
    for (const name of ["pay/none", "bad//name"]) {
      const { code, stdout, stderr } = await cli(vault, "x", "secret", "verify", name);
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(stderr, /^Error: (Secret 'secret:pay:none' not found|a secret's path has)/);
    }
    assert.equal((await cli(vault, undefined, "policy", "check", "--user", "nobody", "read", "pay/db")).code, 2);
    const nowhere = ["--admin-socket", join(vault.dir, "no.sock"), "secret", "verify", "pay/db"];
    assert.equal((await cli(vault, "x", ...nowhere)).code, 2);
  });
  await t.step("put refuses an interval that nothing would follow", async () => {
    for (
      const [args, want] of [
        [["pay/new", "--interval", "30d"], /an interval is for automatic secrets \(--kind automatic\)/],
        [["pay/stripe/key", "--interval", "30d"], /an interval is for automatic secrets/],
        [["pay/new", "--kind", "automatic"], /wants an interval \(--interval, e\.g\. 30d\)/],
      ] as const
    ) {
      const { code, stderr } = await cli(vault, "x", "secret", "put", ...args);
      assert.equal(code, 1);
      assert.match(stderr, want);
    }
  });
  await t.step("whatever changes something prints JSON where it is asked to", async () => {
    await ok(vault, "x", "secret", "put", "json/x");
    const said = async (...args: string[]) => JSON.parse(await ok(vault, undefined, ...args, "--json"));
    assert.deepEqual(await said("secret", "delete", "json/x", "--yes"), { name: "json/x" });
    assert.equal((await said("project", "describe", "json", "--description", "J")).description, "J");
    assert.equal((await said("project", "set-default", "json")).is_default, true);
    assert.deepEqual(await said("project", "delete", "json", "--yes"), { name: "json" });
    assert.deepEqual(await said("lockout", "clear", "--all"), { cleared: 0 });
    assert.deepEqual(await said("secret", "list", "--project", "json"), { secrets: [], damaged: [] });
  });
  await t.step("list, versions and project list print tables", async () => {
    const table = await ok(vault, undefined, "secret", "list", "--project", "pay", "--prefix", "s");
    assert.match(
      table,
      /^NAME +KIND +FORMAT +VERSION +UPDATED +BY\npay\/stripe\/key +manual +opaque +1 +\S+Z +admin\n$/,
    );
    const { versions } = JSON.parse(await ok(vault, undefined, "secret", "versions", "pay/db", "--json"));
    assert.deepEqual(versions.map(({ version }: { version: number }) => version), [2, 1]);
    await ok(vault, undefined, "project", "set-default", "pay");
    await ok(vault, undefined, "project", "describe", "pay", "--description", "Payments");
    assert.match(await ok(vault, undefined, "project", "list"), /^pay +yes +\S+Z +admin +Payments$/m);
    assert.match(await ok(vault, undefined, "project", "show", "pay"), /^Default: +yes$/m);
  });
  await t.step("delete wants --yes, and a project has to be empty", async () => {
    const unsure = await cli(vault, undefined, "secret", "delete", "pay/trimmed");
    assert.deepEqual(unsure, {
      code: 1,
      stdout: "",
      stderr: "Error: Delete 'pay/trimmed' and all its versions: confirm with --yes\n",
    });
    await ok(vault, undefined, "secret", "delete", "pay/trimmed", "--yes");
    assert.match(
      (await cli(vault, undefined, "secret", "get", "pay/trimmed")).stderr,
      /'secret:pay:trimmed' not found/,
    );
    assert.match((await cli(vault, undefined, "project", "delete", "pay", "--yes")).stderr, /with existing secrets/);
    await ok(vault, undefined, "project", "create", "empty");
    await ok(vault, undefined, "project", "delete", "empty", "--yes");
  });
  await t.step("policy check tells rule and address", async () => {
    await vault.issueToken("alice");
    const { code, stdout } = await cli(
      vault,
      undefined,
      "policy",
      "check",
      "--user",
      "alice",
      "read",
      "pay/db",
      "--address",
      "10.1.2.3",
    );
    assert.equal(code, 1);
    assert.match(
      stdout,
      /read on secret:pay:db is allowed to role 'admin': allow by permission 1 of policy 'of-admin'/,
    );
    assert.match(stdout, /10\.1\.2\.3 is not in secrets\.allowed_ips/);
    assert.equal((await cli(vault, undefined, "policy", "check", "--user", "alice", "delete", "pay/db")).code, 0);
    assert.match(
      (await cli(vault, undefined, "policy", "check", "--user", "bob", "read", "x")).stderr,
      /No token found for user 'bob'/,
    );
    assert.equal(await ok(vault, undefined, "policy", "reload"), "In force: 1 policies for 1 roles\n");
    assert.match(await ok(vault, undefined, "policy", "list"), /^of-admin +1 +admin$/m);
  });
  await t.step("rewrap runs to its end and tells", async () => {
    assert.match(await ok(vault, undefined, "secret", "rewrap"), /^Last pass: +0 re-wrapped, 0 failed, of \d+$/m);
    assert.equal(JSON.parse(await ok(vault, undefined, "secret", "rewrap", "--status", "--json")).pending_versions, 0);
    const ends = (await auditLines(vault)).filter(({ method }) => method === "admin_rewrap_end");
    assert.deepEqual(ends.map(({ status, result_count }) => [status, result_count]), [["success", 0]]);
  });
  await t.step("every call is in the audit log, a change before it happens; the log names no secret", async () => {
    const lines = await auditLines(vault);
    assert.ok(lines.every(({ method, user_id }) => !String(method).startsWith("admin_") || user_id === "admin"));
    const puts = lines.filter(({ method, resource }) => method === "admin_secret_put" && resource === "secret:pay:db");
    assert.deepEqual(puts.map(({ status, version }) => [status, version]), [
      ["started", undefined],
      ["success", 1],
      ["started", undefined],
      ["success", 2],
    ]);
    assert.ok(puts.every(({ source_ip }) => source_ip === "unix:admin"));
    assert.ok(lines.some(({ method, status, error }) => method === "admin_secret_get" && status === "error" && error));
    assert.ok(!vault.stderr.includes("stripe"));
  });
});

Deno.test({
  name: "runevault secret put takes a value that is typed, without showing it",
  ignore: findProgram("python3") === undefined,
  async fn() {
    await using vault = await startSecretsVault();
    const typist = new URL("testdata/type_value.py", import.meta.url).pathname;
    const command = ["sh", LAUNCHER, "--config", vault.config, "secret", "put", "p/typed"];
    const { code, stdout } = await run("python3", [typist, ...command]);
    assert.deepEqual([code, stdout], [0, "Value (not shown, ends with Enter): \r\nCreated 'p/typed': version 1\r\n"]);
    assert.equal(await ok(vault, undefined, "secret", "get", "p/typed"), "canary-é", "the X was erased");
  },
});

Deno.test("runevault lockout lists and clears addresses that failed", async () => {
  await using vault = await startSecretsVault({ secrets: "lockout: {max_failures: 2}" });
  assert.equal(await ok(vault, undefined, "lockout", "list"), "No failed attempts.\n");
  const client = Deno.createHttpClient({ caCerts: [vault.ca] });
  const attempt = async () => {
    const answer = await fetch(`https://localhost:${vault.port}/v1/secrets/x`, {
      client,
      headers: { authorization: "Bearer evt_wrong" },
    });
    await answer.body?.cancel();
    return answer.status;
  };
  assert.deepEqual([await attempt(), await attempt(), await attempt()], [401, 401, 429]);
  const [{ address, failures }] = JSON.parse(await ok(vault, undefined, "lockout", "list", "--json")).lockouts;
  assert.equal(failures, 2);
  assert.equal(await ok(vault, undefined, "lockout", "clear", "--address", address), "Cleared 1 address\n");
  assert.equal(await attempt(), 401);
  assert.equal(await ok(vault, undefined, "lockout", "clear", "--all"), "Cleared 1 address\n");
  assert.match((await cli(vault, undefined, "lockout", "clear", "--address", "nowhere")).stderr, /no IP address/);
  client.close();
});

Deno.test("runevault secret rewrap brings every version to a new local key, so that the old one can go", async () => {
  await using vault = await startSecretsVault();
  for (const value of ["one", "two"]) await ok(vault, value, "secret", "put", "p/x");
  const configure = async (from: string, to: string) => {
    await vault.stop();
    const text = await Deno.readTextFile(vault.config);
    assert.ok(text.includes(from));
    await Deno.writeTextFile(vault.config, text.replace(from, to));
    await vault.start();
  };
  const next = new Uint8Array(32).fill(3).toBase64();
  await Deno.writeTextFile(join(vault.dir, "configs/next_key"), next, { mode: 0o600 });
  const [old, both, alone] = [
    "master_key_file: configs/master_key",
    "key_id: next, master_key_file: configs/next_key, previous_keys: {local: configs/master_key}",
    "key_id: next, master_key_file: configs/next_key",
  ];
  await configure(old, both);
  const pending = JSON.parse(await ok(vault, undefined, "secret", "rewrap", "--status", "--json"));
  assert.deepEqual([pending.key_id, pending.total_versions, pending.pending_versions], ["next", 2, 2]);
  assert.match(await ok(vault, undefined, "secret", "rewrap"), /^Last pass: +2 re-wrapped, 0 failed, of 2$/m);
  await configure(both, alone);
  assert.equal(await ok(vault, undefined, "secret", "get", "p/x", "--version", "1"), "one");
  assert.equal(await ok(vault, undefined, "secret", "get", "p/x"), "two");
});

Deno.test("the engine's commands say how to turn it on while it is off", async () => {
  await using vault = await TestVault.start();
  for (
    const args of [["secret", "list"], ["project", "show", "a"], ["policy", "reload"], ["lockout", "clear", "--all"]]
  ) {
    assert.deepEqual(await vault.cli(...args), {
      code: 1,
      stdout: "",
      stderr: "Error: secrets are not configured: add the section 'secrets' to runevault.conf and restart\n",
    });
  }
});

Deno.test("a project goes to another vault with its history, by passphrase", async () => {
  await using from = await startSecretsVault();
  await using to = await startSecretsVault();
  const key = await passphraseIn(from), out = join(from.dir, "pay.age");
  for (const value of ["one", "two"]) await ok(from, value, "secret", "put", "pay/key", "--grace", "1h");
  await ok(from, "pw", "secret", "put", "pay/db", "--username", "app");
  await ok(from, undefined, "project", "describe", "pay", "--description", "Payments");
  const exported = JSON.parse(
    await ok(from, undefined, "secret", "export", "--project", "pay", "--out", out, ...key, "--json"),
  );
  assert.deepEqual([exported.secrets, exported.versions, exported.verified], [2, 3, "opened"]);
  assert.equal((await Deno.stat(out)).mode! & 0o777, 0o600);
  assert.ok(!new TextDecoder("latin1").decode(await Deno.readFile(out)).includes("app"));
  assert.match(
    (await cli(from, undefined, "secret", "export", "--project", "pay", "--out", out, ...key)).stderr,
    /--force/,
  );

  const command = ["secret", "import", out, ...key, "--project", "shop"];
  assert.match(
    await ok(to, undefined, ...command),
    /^Imported 2 secrets \(2 new, 0 with a new version\)\n +Verified: 3 values/,
  );
  assert.equal(await ok(to, undefined, "secret", "get", "shop/key", "--version", "1"), "one");
  assert.equal(await ok(to, undefined, "secret", "get", "shop/db"), "pw");
  assert.match(await ok(to, undefined, "project", "show", "shop"), /^Description: +Payments$/m);
  const again = await cli(to, undefined, ...command);
  assert.deepEqual([again.code, again.stdout], [1, ""]);
  assert.match(again.stderr, /2 of 2 secrets are there already.*--on-conflict/);
  assert.equal(JSON.parse(await ok(to, undefined, ...command, "--on-conflict", "skip", "--json")).skipped, 2);
  assert.equal(JSON.parse(await ok(to, undefined, ...command, "--on-conflict", "new-version", "--json")).updated, 2);
  assert.match(await ok(to, undefined, "secret", "versions", "shop/key"), /^ {6}3 /m);
  const commits = (await auditLines(to)).filter(({ method }) => method === "admin_import_commit");
  assert.deepEqual(
    commits.filter(({ status }) => status === "success").map(({ resource, result_count }) => [resource, result_count]),
    [["secret:shop:*", 2], ["secret:shop:*", 0], ["secret:shop:*", 2]],
  );
  assert.ok(commits.every(({ resource }) => resource === "secret:shop:*"), "what was begun and what failed, too");
  assert.deepEqual(commits.map(({ status }) => status), [
    "started",
    "success",
    "started",
    "error",
    "started",
    "success",
    "started",
    "success",
  ]);
});

Deno.test("secret import tells how many old versions a vault does not keep", async () => {
  await using from = await startSecretsVault();
  await using to = await startSecretsVault({ secrets: "keep_versions: 1" });
  const key = await passphraseIn(from), out = join(from.dir, "pay.age");
  for (const value of ["one", "two", "three"]) await ok(from, value, "secret", "put", "pay/key");
  await ok(from, undefined, "secret", "export", "--project", "pay", "--out", out, ...key);
  const command = ["secret", "import", out, ...key];
  assert.equal(
    await ok(to, undefined, ...command),
    "Imported 1 secrets (1 new, 0 with a new version)\n" +
      "  Dropped: 2 old versions, more than secrets.keep_versions keeps here\n" +
      "  Verified: 1 values, each opened and compared, and read back from the store\n",
  );
  assert.deepEqual(JSON.parse(await ok(to, undefined, ...command, "--project", "shop", "--json")), {
    created: 1,
    updated: 0,
    skipped: 0,
    versions: 1,
    dropped_versions: 2,
    default_project: null,
    source_default_project: null,
    left_out: [],
  });
});

Deno.test("secret import refuses a file that is damaged, cut off or for another key, and takes nothing of it", async () => {
  await using vault = await startSecretsVault();
  const key = await passphraseIn(vault), out = join(vault.dir, "p.age");
  await ok(vault, "v", "secret", "put", "p/x");
  await ok(vault, undefined, "secret", "export", "--project", "p", "--out", out, ...key);
  await ok(vault, undefined, "secret", "delete", "p/x", "--yes");
  const whole = await Deno.readFile(out), flipped = whole.slice();
  flipped[flipped.length - 40] ^= 1;
  for (
    const [name, bytes] of [["flipped", flipped], ["cut", whole.subarray(0, -40)], [
      "none",
      new TextEncoder().encode("hello"),
    ]] as const
  ) {
    const path = join(vault.dir, name);
    await Deno.writeFile(path, bytes);
    const { code, stdout, stderr } = await cli(vault, undefined, "secret", "import", path, ...key);
    assert.deepEqual([code, stdout], [1, ""], name);
    assert.match(stderr, /damaged|cut off|no age file/);
  }
  await Deno.writeTextFile(join(vault.dir, "passphrase"), "wrong\n");
  assert.match(
    (await cli(vault, undefined, "secret", "import", out, ...key)).stderr,
    /passphrase is not the right one/,
  );
  assert.equal(await ok(vault, undefined, "secret", "list"), "No secrets.\n");
});

Deno.test("an import whose process is killed half-way leaves nothing, and can be run again", async () => {
  await using vault = await startSecretsVault();
  const [backup, key] = [join(vault.dir, "hyperion.json"), join(vault.dir, "hyperion.key")];
  const count = 3000;
  await writeHyperion(backup, key, count);
  const args = ["secret", "import-hyperion", "--backup", backup, "--master-key-file", key];
  const child = new Deno.Command("sh", {
    args: [LAUNCHER, "--config", vault.config, ...args],
    env: { DENO: Deno.execPath(), NO_COLOR: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await vault.says("POST /secrets/imports/");
  child.kill("SIGKILL");
  await child.status;
  assert.ok(
    !(await auditLines(vault)).some(({ method }) => method === "admin_import_commit"),
    "killed too late to tell",
  );
  assert.equal(await ok(vault, undefined, "secret", "list"), "No secrets.\n");
  assert.equal(await ok(vault, undefined, "project", "list"), "No projects.\n");
  assert.equal(JSON.parse(await ok(vault, undefined, ...args, "--json")).created, count);
  assert.equal(
    JSON.parse(await ok(vault, undefined, "secret", "list", "--json")).secrets.length,
    count,
    "more than a page",
  );
});

/** A backup with that many secrets `app/sN`, whose values are `canary-N`. */
async function writeHyperion(path: string, keyPath: string, count: number): Promise<void> {
  const master = new Uint8Array(32).fill(5);
  const sealer = new EnvelopeSealer({
    keys: new LocalKeys({ keyId: "local", keys: new Map([["local", master.slice()]]) }),
  });
  const record = (value: unknown) => [
    ...new TextEncoder().encode(JSON.stringify(value, (_, item) => item instanceof Uint8Array ? [...item] : item)),
  ];
  const secrets: unknown[] = [], versions: unknown[] = [];
  for (let i = 0; i < count; i++) {
    const name = `app/s${i}`, times = { created_at: 1, updated_at: 2, next_rotation_at: null };
    const shape = { kind: "manual", format: "opaque", description: null, rotation_interval_secs: null, grace_secs: 0 };
    secrets.push([name, record({ name, ...shape, ...times, current_version: 1 })]);
    const { wrappedKey, nonce, ciphertext, aad } = await sealer.seal(name, 1, new TextEncoder().encode(`canary-${i}`));
    const sealed = { version: 1, kms_key_id: "local", wrapped_dek: wrappedKey, nonce, ciphertext, aad };
    versions.push([`${name}\0${"1".padStart(10, "0")}`, record({ ...sealed, created_at: 1, expires_at: null })]);
  }
  await Deno.writeTextFile(path, JSON.stringify({ version: 1, secrets, versions }));
  await Deno.writeTextFile(keyPath, master.toBase64(), { mode: 0o600 });
}

Deno.test("secret import-myvault lists what cannot be taken, and takes the rest re-sealed", async () => {
  await using vault = await startSecretsVault();
  const database = join(vault.dir, "myvault.db"), key = join(vault.dir, "myvault.key");
  await Deno.writeTextFile(key, "base64:jFi1bkzTyKQ5BLtw2dBDo1RItDXlKo8A5z2JbC6TExE=\n", { mode: 0o600 });
  const row = (id: number, path: string) =>
    `(${id}, 'my app', '${path}', '9a4c23b17de7d55af9882cfa964580ab07e79927e24341893a9b', '000102030405060708090a0b',
    '5d7a8aa7dbf80ba2ecf2edd6c019e5d1', 2, '2025-10-06 12:00:00', '2025-10-06 12:00:00', 'svc')`;
  const db = new DatabaseSync(database);
  db.exec(`CREATE TABLE projects (id INTEGER, name, description, is_default, created_at, created_by);
    CREATE TABLE secrets (id INTEGER, project, path, encrypted_value, encryption_iv, encryption_tag, version, created_at,
    updated_at, updated_by); INSERT INTO secrets VALUES ${row(1, "key")}, ${row(2, "//odd")};
    INSERT INTO projects VALUES (1, 'shop', 'A shop', 1, '2025-10-06 12:00:00', 'svc')`);
  db.close();
  const command = ["secret", "import-myvault", "--database", database, "--master-key-file", key];
  const refused = await cli(vault, undefined, ...command);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /2 of the secrets .*'my app\/key' is no name here; 'my app\/\/\/odd'/);
  const named = [...command, "--rename", "my app/key=my-app/key", "--skip", "my app///odd"];
  assert.equal(
    await ok(vault, undefined, ...named, "--dry-run"),
    "my app/key -> my-app/key\nIts default project: shop\n1 secrets would come, every value could be opened; nothing was changed\n",
  );
  assert.equal(await ok(vault, undefined, "secret", "list"), "No secrets.\n");
  assert.match(await ok(vault, undefined, ...named), /^ +Left out: my app\/\/\/odd\n +Default project: shop$/m);
  assert.match(await ok(vault, undefined, "project", "show", "shop"), /^Default: +yes$/m);
  await ok(vault, undefined, "project", "set-default", "my-app");
  const again = [...named, "--on-conflict", "skip"];
  assert.match(
    await ok(vault, undefined, ...again),
    /^ +Default project: unchanged; there it was 'shop': 'runevault project set-default NAME' sets/m,
  );
  assert.match(await ok(vault, undefined, "project", "show", "my-app"), /^Default: +yes$/m);
  const told = JSON.parse(await ok(vault, undefined, ...again, "--json"));
  assert.deepEqual([told.default_project, told.source_default_project], [null, "shop"]);
  assert.equal(await ok(vault, undefined, "secret", "get", "my-app/key"), "super-secret-api-key-12345");
  assert.equal(JSON.parse(await ok(vault, undefined, "secret", "get", "my-app/key", "--json")).version, 2);
});

Deno.test("the recovery drill brings a secret back from a backup that was taken while the daemon served", async () => {
  await using vault = await startSecretsVault({ policies: { admin: [EVERYTHING] } });
  const safe = await Deno.makeTempDir({ prefix: "rv-safe-" });
  try {
    const key = ["--passphrase-file", join(safe, "passphrase")], out = join(safe, "vault.age");
    await Deno.writeTextFile(key[1], PASSPHRASE, { mode: 0o600 });
    await ok(vault, "one", "secret", "put", "pay/key", "--grace", "1h");
    await ok(vault, "two", "secret", "put", "pay/key");
    await ok(vault, undefined, "backup", "create", "--out", out, ...key);
    const verified = await ok(vault, undefined, "backup", "verify", out, ...key);
    assert.match(verified, /^ +Master key 'local': opened one of the values that are sealed with it$/m);
    assert.match(verified, /secrets-store\/secrets\.db/);
    assert.deepEqual(
      [...Deno.readDirSync(join(vault.dir, "secrets-store"))].map(({ name }) => name).filter((name) =>
        /copy/.test(name)
      ),
      [],
    );
    await ok(vault, "three", "secret", "put", "pay/key");
    await vault.stop("SIGKILL");
    for (const name of ["secrets-store", "configs"]) await Deno.remove(join(vault.dir, name), { recursive: true });
    const { code } = await run("sh", [LAUNCHER, "backup", "restore", out, ...key, "--dir", vault.dir, "--force"]);
    assert.equal(code, 0);
    await vault.start();
    assert.equal(await ok(vault, undefined, "secret", "get", "pay/key"), "two");
    assert.equal(await ok(vault, "one", "secret", "verify", "pay/key"), "valid: version 1\n");
    assert.equal(await ok(vault, undefined, "policy", "reload"), "In force: 1 policies for 1 roles\n");
  } finally {
    await Deno.remove(safe, { recursive: true });
    await Deno.remove(`${vault.dir}.before`, { recursive: true }).catch(() => {});
  }
});

Deno.test("backup create refuses a store with a damaged record, and backs up a sound one while no daemon runs", async () => {
  await using vault = await startSecretsVault();
  const key = await passphraseIn(vault), out = join(vault.dir, "b.age");
  await ok(vault, "v", "secret", "put", "p/x");
  await vault.stop();
  await ok(vault, undefined, "backup", "create", "--out", out, ...key);
  const db = new DatabaseSync(join(vault.dir, "secrets-store/secrets.db"));
  db.exec("UPDATE secrets SET updated_by = 'someone'");
  db.close();
  const { code, stderr } = await cli(vault, undefined, "backup", "create", "--out", `${out}.2`, ...key);
  assert.equal(code, 1);
  assert.match(stderr, /cannot back up .*secrets\.db: .*'p\/x' is damaged/);
  assert.deepEqual(
    [...Deno.readDirSync(vault.dir)].map(({ name }) => name).filter((name) => name.startsWith("b.age")),
    ["b.age"],
  );
});

Deno.test("backup verify fails with another master key, and warns of one that the backup does not hold", async () => {
  await using vault = await startSecretsVault();
  const key = await passphraseIn(vault), out = join(vault.dir, "b.age");
  await ok(vault, "v", "secret", "put", "p/x");
  await vault.stop();
  const verify = async (...args: string[]) => {
    await ok(vault, undefined, "backup", "create", "--out", out, "--force", ...key);
    return await cli(vault, undefined, "backup", "verify", out, ...key, ...args);
  };
  await Deno.writeTextFile(join(vault.dir, "configs/master_key"), new Uint8Array(32).fill(3).toBase64());
  const { code, stdout, stderr } = await verify();
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(
    stderr,
    /^Error: .*b\.age: the master key 'local' in it does not open the store: secret 'p\/x' version 1/,
  );
  const config = await Deno.readTextFile(vault.config);
  await Deno.writeTextFile(vault.config, config.replace("master_key_file:", "key_id: next, master_key_file:"));
  const unchecked = await verify("--json");
  assert.equal(unchecked.code, 0);
  assert.deepEqual(JSON.parse(unchecked.stdout).master_keys, [{ key_id: "local", opened: false }]);
  assert.match((await verify()).stderr, /^Warning: master key 'local': not checked, it is not in the backup: /);
});

Deno.test("no value is in what failing commands print, in a log or in the audit log", async () => {
  await using vault = await createSecretsVault();
  await vault.start();
  const canary = "canary-f00dfeed-value";
  await ok(vault, canary, "secret", "put", "p/pair", "--username", `${canary}-user`);
  await ok(vault, `${canary}-old`, "secret", "put", "p/x");
  await ok(vault, canary, "secret", "put", "p/x");
  const failing: string[][] = [
    ["secret", "put", "p/x", "--expected-version", "9"],
    ["secret", "put", "p/x", "--expected-version", "0"],
    ["secret", "put", "a//b"],
    ["secret", "put", "p/x", "--username", "u"],
    ["secret", "put", "p/x", "--kind", "automatic"],
    ["secret", "put", "p/new", "--kind", "automatic"],
    ["secret", "rotate", "p/x"],
    ["secret", "get", "p/x", "--username"],
    ["secret", "get", "p/x", "--version", "7"],
    ["secret", "verify", "p/y"],
    ["project", "delete", "p", "--yes"],
  ];
  for (const args of failing) {
    const { code, stdout, stderr } = await cli(vault, canary, ...args);
    assert.equal(code, args[1] === "verify" ? 2 : 1, args.join(" "));
    assert.ok(!(stdout + stderr).includes("canary"), `${args.join(" ")}: ${stdout}${stderr}`);
  }
  const tooLong = await cli(vault, canary.repeat(4000), "secret", "put", "p/x");
  assert.deepEqual(tooLong, { code: 1, stdout: "", stderr: "Error: the value is longer than 65536 bytes\n" });
  assert.ok(!vault.stderr.includes("canary"));
  assert.ok(!JSON.stringify(await auditLines(vault)).includes("canary"));
  for (const { name } of Deno.readDirSync(join(vault.dir, "secrets-store"))) {
    const bytes = await Deno.readFile(join(vault.dir, "secrets-store", name));
    assert.ok(!new TextDecoder("latin1").decode(bytes).includes("canary"), name);
  }
});
