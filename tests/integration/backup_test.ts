import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { generateIdentity, identityToRecipient } from "age-encryption";
import { findProgram } from "../../ffi/build.ts";
import { AdminApi } from "../support/admin_api.ts";
import { goldenBlob, goldenExpected, LIBRARY, ROOT } from "../support/paths.ts";
import { permissionFlags, run, TestVault } from "../support/test_vault.ts";
import { VaultClient } from "../support/vault_client.ts";

const hasAge = findProgram("age") !== undefined && findProgram("age-keygen") !== undefined;
const LAUNCHER = `${ROOT}src/launch/launch.sh`;

/** A folder for backups, outside every install, and someone who can open them. */
class Safe implements AsyncDisposable {
  private constructor(readonly dir: string, readonly recipient: string) {}

  /** With Debian's age-keygen where it is installed. */
  static async create(): Promise<Safe> {
    const dir = await Deno.makeTempDir({ prefix: "rv-safe-" }), key = join(dir, "key");
    if (hasAge) {
      const { stderr } = await run("age-keygen", ["-o", key]);
      return new Safe(dir, /age1\S+/.exec(stderr)![0]);
    }
    const identity = await generateIdentity();
    await Deno.writeTextFile(key, `# made by a test\n${identity}\n`, { mode: 0o600 });
    return new Safe(dir, await identityToRecipient(identity));
  }

  join(name: string): string {
    return join(this.dir, name);
  }

  /** Backs up and gives what the command says of it. */
  async take(vault: TestVault, name: string, ...flags: string[]): Promise<ReturnType<typeof JSON.parse>> {
    const args = ["--out", this.join(name), "--recipient", this.recipient, "--json", ...flags];
    const { code, stdout, stderr } = await vault.cli("backup", "create", ...args);
    assert.deepEqual([code, stderr], [0, ""]);
    return JSON.parse(stdout);
  }

  restore(name: string, dir: string, ...flags: string[]) {
    const words = ["backup", "restore", this.join(name), "--identity-file", this.join("key"), "--dir", dir, ...flags];
    return run("sh", [LAUNCHER, ...words]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.dir, { recursive: true });
  }
}

async function topScores(vault: TestVault, token: string): Promise<(readonly [number, number])[]> {
  using client = new VaultClient(`localhost:${vault.port}`, vault.ca);
  const blob = new TextDecoder().decode(goldenBlob("three-shards"));
  const { results, error } = await client.decryptScores({ token, encrypted_blob_b64: blob, top_k: 10 });
  assert.equal(error, "");
  return results.map(({ shard_idx, row_idx }) => [shard_idx, row_idx]);
}

Deno.test("the recovery drill: back up, lose everything, restore, and the same token and blob still work", async () => {
  await using safe = await Safe.create();
  await using vault = await TestVault.create({ library: "lib/libenvector.so" });
  await Deno.mkdir(join(vault.dir, "lib"));
  await Deno.copyFile(LIBRARY, join(vault.dir, "lib/libenvector.so"));
  await vault.start();
  const token = await vault.issueToken("alice"), want = goldenExpected("three-shards").top50.slice(0, 10);
  assert.deepEqual(await topScores(vault, token), want.map(([shard, row]) => [shard, row]));

  const { files, verified, state_from } = await safe.take(vault, "vault.age");
  assert.deepEqual([files, verified, state_from], [9, "read back", "daemon"]);
  const checked = await run("sh", [
    LAUNCHER,
    "backup",
    "verify",
    safe.join("vault.age"),
    "--identity-file",
    safe.join("key"),
  ]);
  assert.match(checked.stdout, /vault\.age is whole: 9 files of /);

  await vault.stop("SIGKILL");
  await Deno.remove(vault.dir, { recursive: true });
  const restored = await safe.restore("vault.age", vault.dir);
  assert.deepEqual([restored.code, restored.stderr], [0, ""], restored.stderr);
  assert.match(restored.stdout, /^Restored 9 files of /);
  await vault.start();
  assert.deepEqual(await topScores(vault, token), want.map(([shard, row]) => [shard, row]));
  assert.equal((await vault.cli("status")).code, 0);
});

Deno.test({
  name: "a backup opens with Debian's age, and its files have the hashes that its manifest lists",
  ignore: !hasAge || findProgram("sha256sum") === undefined,
  async fn() {
    await using safe = await Safe.create();
    await using vault = await TestVault.create();
    await Deno.writeTextFile(join(vault.dir, "configs/roles.yml"), "roles: {}\n");
    await Deno.writeTextFile(join(vault.dir, "configs/tokens.yml"), "tokens: []\n");
    await safe.take(vault, "vault.age");
    const opened = await run("sh", [
      "-c",
      'age -d -i "$1/key" "$1/vault.age" | tar -xf - -C "$1"',
      "sh",
      safe.dir,
    ]);
    assert.deepEqual([opened.code, opened.stderr], [0, ""]);
    const { files } = JSON.parse(await Deno.readTextFile(safe.join("manifest.json")));
    const sums = files.map(({ path, sha256 }: Record<string, string>) => `${sha256}  ${path}\n`).join("");
    await Deno.writeTextFile(safe.join("SUMS"), sums);
    const { code, stdout } = await run("sh", ["-c", 'cd "$1" && sha256sum -c SUMS', "sh", safe.dir]);
    assert.deepEqual([code, stdout.trim().split("\n").length], [0, 9], stdout);
    for (const { path } of files) {
      assert.equal(await Deno.readTextFile(safe.join(path)), await Deno.readTextFile(join(vault.dir, path)));
    }
  },
});

Deno.test("backups taken while tokens and roles change hold only states that were acknowledged", async () => {
  await using safe = await Safe.create();
  await using vault = await TestVault.start();
  const api = new AdminApi(vault.socket), issued: { user: string; sent: number; acknowledged: number }[] = [];
  let isOver = false;
  const clients = [0, 1, 2].map(async (client) => {
    for (let i = 0; !isOver; i++) {
      const user = `user-${client}-${i}`, role = `role-${client}-${i}`, sent = performance.now();
      await api.send("POST", "/roles", { name: role, scope: ["get_public_key"], top_k: 1, rate_limit: "1/1s" });
      await api.issue(user, role); // the role is in every state that has this token
      issued.push({ user, sent, acknowledged: performance.now() });
    }
  });
  const taken: { name: string; began: number; ended: number }[] = [];
  try {
    for (const name of ["0.age", "1.age", "2.age"]) {
      const began = performance.now();
      assert.equal((await safe.take(vault, name)).state_from, "daemon");
      taken.push({ name, began, ended: performance.now() });
    }
  } finally {
    isOver = true;
    await Promise.all(clients);
  }
  for (const { name, began, ended } of taken) {
    const dir = safe.join(`${name}.vault`);
    assert.equal((await safe.restore(name, dir)).code, 0);
    const { tokens } = parse(await Deno.readTextFile(join(dir, "configs/tokens.yml")));
    const { roles } = parse(await Deno.readTextFile(join(dir, "configs/roles.yml")));
    const users = new Set(tokens.map(({ user }: { user: string }) => user));
    for (const { user, role } of tokens) {
      assert.ok(Object.hasOwn(roles, role), `${user} holds ${role}, which is missing`);
    }
    for (const { user, sent, acknowledged } of issued) {
      if (acknowledged < began) assert.ok(users.has(user), `${user} was acknowledged before ${name}`);
      if (sent > ended) assert.ok(!users.has(user), `${user} was issued after ${name}`);
    }
  }
  assert.ok(issued.length > 20, `only ${issued.length} changes`);
});

Deno.test("the backup commands refuse what they cannot do, say why, and leave nothing", async (t) => {
  await using safe = await Safe.create();
  await using vault = await TestVault.start();
  await safe.take(vault, "vault.age");
  const identity = safe.join("key"), backup = safe.join("vault.age"), dir = safe.join("new");
  await Deno.writeTextFile(safe.join("empty"), "\n", { mode: 0o600 });
  await Deno.writeTextFile(safe.join("canary"), "canary-5b1c\n", { mode: 0o600 });
  const create = ["backup", "create", "--out", safe.join("x.age")];
  const open = (file: string, key: string) => ["backup", "restore", file, "--identity-file", key, "--dir", dir];
  for (
    const { name, args, want } of [
      { name: "a recipient that is none", args: [...create, "--recipient", "canary-5b1c"], want: /is not one of age/ },
      { name: "an empty passphrase", args: [...create, "--passphrase-file", safe.join("empty")], want: /is empty/ },
      {
        name: "a passphrase file that is missing",
        args: [...create, "--passphrase-file", "/nowhere"],
        want: /No such/,
      },
      {
        name: "an identity that is none",
        args: open(backup, safe.join("canary")),
        want: /line 1 is not an age identity/,
      },
      { name: "no backup", args: open(safe.join("canary"), identity), want: /canary: no age file/ },
      { name: "a backup that is missing", args: open(safe.join("y.age"), identity), want: /No such file/ },
      {
        name: "a passphrase for a backup with a recipient",
        args: ["backup", "verify", backup, "--passphrase-file", safe.join("canary")],
        want: /encrypted for an identity, not with a passphrase/,
      },
      {
        name: "a directory on which a daemon runs",
        args: ["backup", "restore", backup, "--identity-file", identity, "--dir", vault.dir, "--force"],
        want: /a daemon runs on .*: stop it first/,
      },
    ]
  ) {
    await t.step(name, async () => {
      const before = [...Deno.readDirSync(safe.dir)].map(({ name }) => name).sort();
      const { code, stdout, stderr } = await vault.cli(...args);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, want);
      assert.doesNotMatch(stderr, /canary-5b1c/);
      assert.deepEqual([...Deno.readDirSync(safe.dir)].map(({ name }) => name).sort(), before);
      assert.equal(existsSync(`${vault.dir}.restoring`), false);
    });
  }
});

Deno.test("a backup with a passphrase is proved by opening it, and warns of a loose file mode", async () => {
  await using safe = await Safe.create();
  await using vault = await TestVault.start();
  const pass = safe.join("pass"), out = safe.join("p.age");
  await Deno.writeTextFile(pass, "horse staple battery\n");
  await Deno.chmod(pass, 0o644);
  const { code, stdout, stderr } = await vault.cli("backup", "create", "--out", out, "--passphrase-file", pass);
  assert.equal(
    stderr,
    `Warning: secret file mode is too permissive: --passphrase-file ${pass} mode 0644, expected 0600\n`,
  );
  assert.equal(code, 0);
  assert.match(stdout, /Verified: opened with the passphrase/);
  await Deno.writeTextFile(safe.join("wrong"), "horse staple batterie\n", { mode: 0o600 });
  await Deno.chmod(safe.join("wrong"), 0o600);
  const refused = await vault.cli("backup", "verify", out, "--passphrase-file", safe.join("wrong"));
  assert.deepEqual(refused, {
    code: 1,
    stdout: "",
    stderr: `Error: ${out}: the passphrase is not the right one\n`,
  });
});

Deno.test("the backup commands use every permission that they are given", async () => {
  await using safe = await Safe.create();
  await using vault = await TestVault.start();
  const config = ["--config", vault.config], key = ["--identity-file", safe.join("key")];
  const create = [...config, "backup", "create", "--out", safe.join("v.age"), "--recipient", safe.recipient];
  const restore = ["backup", "restore", safe.join("v.age"), ...key, "--dir", safe.join("v")];
  // The state files are read while no daemon runs, and the folder of old installs is there for --force.
  const unused = ["read configs/roles.yml", "read configs/tokens.yml"].map((use) => use.replace(" ", ` ${vault.dir}/`));
  assert.deepEqual(await unusedPermissions(safe, create), unused);
  assert.deepEqual(await unusedPermissions(safe, ["backup", "verify", safe.join("v.age"), ...key]), []);
  assert.deepEqual(await unusedPermissions(safe, restore), [`write ${safe.join("v.before")}`]);
  assert.deepEqual(await unusedPermissions(safe, [...restore, "--force"]), []);
});

/** Runs a command line to a good end with what the launcher gives it, and tells what of that it never asked for. */
async function unusedPermissions(safe: Safe, words: string[]): Promise<string[]> {
  const flags = await permissionFlags(words), log = safe.join("uses");
  const args = ["run", "--quiet", "--no-prompt", ...flags, `${ROOT}src/main.ts`, ...words];
  const env = { DENO_AUDIT_PERMISSIONS: log, NO_COLOR: "1" };
  assert.equal((await new Deno.Command(Deno.execPath(), { args, env }).output()).code, 0);
  const uses = (await Deno.readTextFile(log)).trimEnd().split("\n").map((line) => JSON.parse(line));
  await Deno.remove(log);
  return flags.flatMap((flag) => {
    const [, kind, list] = /^--(?:allow|ignore)-(\w+)=(.*)$/.exec(flag)!;
    const isUsed = (granted: string) =>
      uses.some(({ permission, value }) =>
        permission === kind && (value === granted || String(value).startsWith(`${granted}/`))
      );
    return list.split(",").filter((granted) => !isUsed(granted)).map((granted) => `${kind} ${granted}`);
  });
}

/** Ends the process before the call of that number which changes something on the disk; prints how many there were. */
const KILL_AT = (at: number) => `
let calls = 0;
for (const name of ["mkdir", "open", "rename", "remove", "chmod"]) {
  const call = Deno[name].bind(Deno);
  Deno[name] = (...args) => {
    if (++calls === ${at}) Deno.kill(Deno.pid, "SIGKILL");
    return call(...args);
  };
}
globalThis.addEventListener("unload", () => console.error("calls", calls));
`;

Deno.test("a restore that is killed at any moment leaves the old install or the new one, and the next one goes through", async () => {
  await using safe = await Safe.create();
  await using vault = await TestVault.start();
  await safe.take(vault, "vault.age");
  await vault.stop();
  const dir = safe.join("install"), tokens = join(dir, "configs/tokens.yml"), OLD = "tokens: [] # old\n";
  const words = [
    "backup",
    "restore",
    safe.join("vault.age"),
    "--identity-file",
    safe.join("key"),
    "--dir",
    dir,
    "--force",
  ];
  const flags = await permissionFlags(words);
  const restoreKilledAt = (at: number) => {
    const preload = `data:text/javascript,${encodeURIComponent(KILL_AT(at))}`;
    const args = ["run", "--quiet", "--no-prompt", ...flags, `--preload=${preload}`, `${ROOT}src/main.ts`, ...words];
    return run(Deno.execPath(), args);
  };
  const putOld = async () => {
    for (const path of [dir, `${dir}.before`, `${dir}.restoring`]) {
      await Deno.remove(path, { recursive: true }).catch(() => {});
    }
    await Deno.mkdir(join(dir, "configs"), { recursive: true });
    await Deno.writeTextFile(tokens, OLD);
  };
  await putOld();
  const calls = Number(/^calls (\d+)$/m.exec((await restoreKilledAt(-1)).stderr)![1]);
  assert.ok(calls > 40, `${calls} calls`);
  const moments = [1, 2, 3, 5, 8, 13, 21, 30, ...Array.from({ length: 14 }, (_, i) => calls - 13 + i)];
  const seen = { old: 0, new: 0, between: 0 };
  for (const at of moments) {
    await putOld();
    assert.notEqual((await restoreKilledAt(at)).code, 0, `killed at ${at}`);
    const left = existsSync(tokens) ? await Deno.readTextFile(tokens) === OLD ? "old" : "new" : "between";
    seen[left] += 1;
    // Between the two renames the old one is beside, whole, and the next restore puts it back before anything else.
    if (left === "between") assert.equal(existsSync(dir), false);
    if (left === "new") assert.ok(existsSync(join(dir, "vault-keys/vault-key/SecKey.json")));
    const { code, stderr } = await safe.restore("vault.age", dir, "--force");
    assert.equal(code, 0, stderr);
    if (left === "between") assert.match(stderr, /an interrupted restore had moved .*: it was put back first/);
    assert.equal((await Deno.readTextFile(tokens)).startsWith("tokens: []\n"), true);
    assert.equal(existsSync(`${dir}.restoring`), false);
    const kept = [...Deno.readDirSync(`${dir}.before`)].map(({ name }) =>
      join(`${dir}.before`, name, "configs/tokens.yml")
    );
    assert.equal(
      kept.filter((path) => Deno.readTextFileSync(path) === OLD).length,
      1,
      `the old one is kept, once (${at})`,
    );
  }
  assert.ok(seen.old > 10 && seen.new > 1 && seen.between > 0, JSON.stringify(seen));
});
