import assert from "node:assert/strict";
import { join } from "node:path";
import { exists } from "../support/files.ts";
import { AdminApi } from "../support/admin_api.ts";
import {
  CAN_DROP_POWERS,
  CAN_MOUNT,
  CAN_SHIFT_CLOCK,
  CAN_TRACE,
  IoErrors,
  ShiftedClock,
  SmallDisk,
  WITHOUT_ROOT_POWERS,
} from "../support/faults.ts";
import { TestVault, type TestVaultOptions } from "../support/test_vault.ts";
import { refusalOf, VaultClient } from "../support/vault_client.ts";

// Every test here does the same: break one thing under the real daemon, find the error that runevault.md and decisions.md
// promise and nothing lost, mend the thing, and find the service back (without a restart where it was running).

const HELLO = JSON.stringify({ a: "abc123def456", c: "OhawM+14dWV/2KJwL0Ud3pqJpP6Mr7XVfCsM" });
const TIGHT = { name: "tight", scope: ["decrypt_metadata"], top_k: 1, rate_limit: "3/86400s" };
const DAY_SECONDS = 86_400;
const AUDIT_UNAVAILABLE = "INTERNAL audit unavailable";
const UNKNOWN_TOKEN = "UNAUTHENTICATED Invalid authentication token";

/** A started vault with a client for each surface. */
class Site implements AsyncDisposable {
  readonly api: AdminApi;
  #client: VaultClient | undefined;

  constructor(readonly vault: TestVault, readonly stateDir: string, readonly auditFile: string) {
    this.api = new AdminApi(vault.socket);
  }

  static async start(options: TestVaultOptions & { disk?: SmallDisk } = {}): Promise<Site> {
    const { disk } = options;
    const files = disk && { roles: join(disk.path, "roles.yml"), tokens: join(disk.path, "tokens.yml") };
    const sections = files && {
      tokens: `tokens: {team_secret: test-team-secret-32-bytes-please, roles_file: ${files.roles}, ` +
        `tokens_file: ${files.tokens}}`,
    };
    const vault = await TestVault.start({ ...options, sections: { ...sections, ...options.sections } });
    return new Site(vault, disk?.path ?? join(vault.dir, "configs"), join(vault.dir, "logs/audit.log"));
  }

  /** `OK` or the refusal of a call with this token. */
  async call(token: string): Promise<string> {
    this.#client ??= new VaultClient(`localhost:${this.vault.port}`, this.vault.ca);
    const call = this.#client.decryptMetadata({ token, encrypted_metadata_list: [HELLO] });
    return await call.then(({ error }) => error || "OK", async () => {
      const { code, details } = await refusalOf(call);
      return `${code} ${details}`;
    });
  }

  /** Everything that a refused change must leave as it was. */
  async state(): Promise<unknown> {
    const names = [...Deno.readDirSync(this.stateDir)].map(({ name }) => name).sort();
    const files = ["roles.yml", "tokens.yml"].map((name) => Deno.readTextFileSync(join(this.stateDir, name)));
    return { names, files, lists: await this.api.lists() };
  }

  /** Tries one change of each kind and finds each refused for this cause, and nothing changed. */
  async refusesChanges(cause: string): Promise<void> {
    const before = await this.state();
    for (
      const [method, path, body] of [
        ["POST", "/tokens", { user: "bob", role: "admin" }],
        ["POST", "/tokens/alice/rotate", {}],
        ["POST", "/tokens/_rotate_all", {}],
        ["DELETE", "/tokens/alice", undefined],
        ["POST", "/roles", { ...TIGHT, name: "new" }],
        ["PUT", "/roles/tight", { top_k: 99 }],
        ["DELETE", "/roles/tight", undefined],
      ] as const
    ) {
      const { status, body: { error } } = await this.api.send(method, path, body);
      assert.equal(status, 500, `${method} ${path}`);
      assert.match(error, new RegExp(`^state could not be written: .*${cause}.*; nothing was changed$`));
      assert.deepEqual(await this.state(), before);
    }
    assert.match(this.vault.stderr, new RegExp(`ERROR state could not be written: .*${cause}`));
  }

  /** Makes one change of each kind, kills the daemon and finds them all after the next start. */
  async takesChanges(alice: string): Promise<void> {
    const bob = await this.api.issue("bob", "tight");
    const { body: { token: rotated } } = await this.api.send("POST", "/tokens/alice/rotate");
    assert.equal((await this.api.send("POST", "/roles", { ...TIGHT, name: "new" })).status, 201);
    assert.deepEqual([await this.call(alice), await this.call(rotated)], [UNKNOWN_TOKEN, "OK"]);
    const before = await this.state();
    await this.vault.stop("SIGKILL");
    await this.vault.start();
    assert.deepEqual(await this.state(), before);
    assert.deepEqual([await this.call(alice), await this.call(rotated), await this.call(bob)], [
      UNKNOWN_TOKEN,
      "OK",
      "OK",
    ]);
  }

  async audit(path = this.auditFile): Promise<{ status: string }[]> {
    return (await Deno.readTextFile(path)).trimEnd().split("\n").filter(Boolean).map((line) => JSON.parse(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client?.[Symbol.dispose]();
    await this.vault[Symbol.asyncDispose]();
  }
}

async function startWithAlice(options: TestVaultOptions & { disk?: SmallDisk } = {}): Promise<[Site, string]> {
  const site = await Site.start(options);
  await site.api.send("POST", "/roles", TIGHT);
  return [site, await site.api.issue("alice")];
}

Deno.test({
  name: "a full disk under the state: changes are refused with the reason, calls go on",
  ignore: !CAN_MOUNT,
  fn: async () => {
    await using disk = await SmallDisk.mount(256);
    const [site, alice] = await startWithAlice({ disk });
    await using _ = site;
    await disk.fill();
    await site.refusesChanges("No space left on device");
    assert.equal(await site.call(alice), "OK");
    await disk.makeRoom();
    await site.takesChanges(alice);
  },
});

Deno.test({
  name: "a full disk under the audit log: calls are refused, no line is lost or spoilt",
  ignore: !CAN_MOUNT,
  fn: async () => {
    await using disk = await SmallDisk.mount(64);
    const auditFile = join(disk.path, "audit.log");
    const [site, alice] = await startWithAlice({ sections: { audit: `audit: {mode: file, path: ${auditFile}}` } });
    await using _ = site;
    let served = 0, last = await site.call(alice);
    await disk.fill();
    // What is left of the log's last page takes some lines more, and the last of them only in part.
    for (; last === "OK" && served < 100; served++) last = await site.call(alice);
    assert.equal(last, AUDIT_UNAVAILABLE);
    assert.ok(served > 1);
    assert.equal(await site.call("evt_ffffffffffffffffffffffffffffffff"), AUDIT_UNAVAILABLE);
    assert.match(site.vault.stderr, /ERROR audit: cannot write .*audit\.log: No space left on device/);
    await disk.makeRoom();
    assert.deepEqual([await site.call(alice), await site.call(alice)], ["OK", "OK"]);
    const lines = (await Deno.readTextFile(auditFile)).trimEnd().split("\n");
    assert.equal(lines.filter(isAuditLine).length, served + 2);
    assert.equal(lines.filter((line) => !isAuditLine(line)).length, 1, "the line that the full disk cut off");
  },
});

// Root is not stopped by the mode of a directory; a file system that was remounted read-only stops everybody.
Deno.test({
  name: "a read-only file system: changes are refused, calls go on, and a daemon can start on it",
  ignore: !CAN_MOUNT,
  fn: async () => {
    await using disk = await SmallDisk.mount(256);
    const [site, alice] = await startWithAlice({ disk });
    await using _ = site;
    await disk.setReadOnly(true);
    await site.refusesChanges("Read-only file system");
    assert.equal(await site.call(alice), "OK");
    await site.vault.stop();
    await site.vault.start();
    await site.refusesChanges("Read-only file system");
    assert.equal(await site.call(alice), "OK");
    await disk.setReadOnly(false);
    await site.takesChanges(alice);
  },
});

for (
  const { name, syscall, path } of [
    { name: "fsync of the new files", syscall: "fsync", path: undefined },
    { name: "fsync of the directory, when the files are in place already", syscall: "fsync", path: "" },
    { name: "rename", syscall: "rename", path: undefined },
  ] as const
) {
  Deno.test({
    name: `EIO from ${name}: changes are refused, also on disk`,
    ignore: !CAN_TRACE,
    fn: async () => {
      const [site, alice] = await startWithAlice();
      await using _ = site;
      {
        await using _errors = await IoErrors.inject(site.vault.pid, syscall, path === "" ? site.stateDir : undefined);
        await site.refusesChanges("Input/output error");
        assert.equal(await site.call(alice), "OK");
      }
      await site.takesChanges(alice);
    },
  });
}

Deno.test("a state file replaced by a directory: changes are refused, and the other file is put back", async () => {
  const [site, alice] = await startWithAlice();
  await using _ = site;
  const roles = join(site.stateDir, "roles.yml"), tokens = join(site.stateDir, "tokens.yml");
  const [before, lists] = [await Deno.readTextFile(roles), await site.api.lists()];
  await Deno.rename(tokens, `${tokens}.aside`);
  await Deno.mkdir(tokens);
  const { status, body: { error } } = await site.api.send("POST", "/roles", { ...TIGHT, name: "new" });
  assert.equal(status, 500);
  assert.match(error, /^state could not be written: .*tokens\.yml.*; nothing was changed$/);
  assert.deepEqual([await Deno.readTextFile(roles), await site.api.lists()], [before, lists]);
  assert.equal(await site.call(alice), "OK");
  await Deno.remove(tokens);
  await site.takesChanges(alice);
});

for (
  const { name, file, want } of [
    {
      name: "the secret key",
      file: "vault-keys/vault-key/SecKey.json",
      want: /Error: daemon: open sec key: .*Permission denied/,
    },
    { name: "the key of the certificate", file: "certs/server.key", want: /Error: server: tls: .*Permission denied/ },
    {
      name: "the state",
      file: "configs/tokens.yml",
      want: /Error: read tokens file .*tokens\.yml: .*Permission denied/,
    },
  ]
) {
  Deno.test({
    name: `a file that cannot be read, ${name}: the start says which, leaves nothing behind and succeeds later`,
    ignore: !CAN_DROP_POWERS,
    fn: async () => {
      const [site, alice] = await startWithAlice({ through: WITHOUT_ROOT_POWERS });
      await using _ = site;
      const { vault } = site;
      await vault.stop();
      const path = join(vault.dir, file), before = await Deno.readTextFile(path);
      await Deno.chmod(path, 0);
      await assert.rejects(vault.start(), want);
      assert.deepEqual([exists(vault.socket), exists(join(vault.dir, ".runevault.pid"))], [false, false]);
      await Deno.chmod(path, 0o600);
      assert.equal(await Deno.readTextFile(path), before);
      await vault.start();
      assert.equal(await site.call(alice), "OK");
    },
  });
}

Deno.test("a public key file that cannot be read: GetPublicKey says so, other calls go on", async () => {
  const [site, alice] = await startWithAlice();
  await using _ = site;
  using client = new VaultClient(`localhost:${site.vault.port}`, site.vault.ca);
  const { key_bundle_json } = await client.getPublicKey({ token: alice });
  const path = join(site.vault.dir, "vault-keys/vault-key/EncKey.json");
  await Deno.rename(path, `${path}.aside`);
  await Deno.mkdir(path);
  const { code, details } = await refusalOf(client.getPublicKey({ token: alice }));
  assert.deepEqual([code, details], ["INTERNAL", "crypto: read EncKey.json: Is a directory (os error 21)"]);
  assert.equal(await site.call(alice), "OK");
  await Deno.remove(path);
  await Deno.rename(`${path}.aside`, path);
  assert.equal((await client.getPublicKey({ token: alice })).key_bundle_json, key_bundle_json);
});

Deno.test("a port that is taken: the start names it, leaves the state alone and succeeds once it is free", async () => {
  const [site, alice] = await startWithAlice();
  await using _ = site;
  const { vault } = site, before = Deno.readTextFileSync(join(site.stateDir, "tokens.yml"));
  await vault.stop();
  {
    using _holder = Deno.listen({ hostname: "127.0.0.1", port: vault.port });
    const { code, stderr } = await vault.cli("daemon", "start");
    assert.match(stderr, new RegExp(`^Error: server: listen 127\\.0\\.0\\.1:${vault.port}: .*in use`, "m"));
    assert.deepEqual([code, exists(vault.socket), exists(join(vault.dir, ".runevault.pid"))], [1, false, false]);
  }
  await vault.start();
  assert.equal(await site.call(alice), "OK");
  assert.equal(Deno.readTextFileSync(join(site.stateDir, "tokens.yml")), before);
});

Deno.test("a directory with files at the socket's path: the start says so and removes none of them", async () => {
  const [site, alice] = await startWithAlice();
  await using _ = site;
  const { vault } = site, precious = join(vault.socket, "precious");
  await vault.stop();
  await Deno.mkdir(vault.socket);
  await Deno.writeTextFile(precious, "data");
  const text = /Error: server: admin: .*admin\.sock: what is in its place cannot be removed: .*not empty/;
  await assert.rejects(vault.start(), text);
  assert.equal(await Deno.readTextFile(precious), "data");
  await assert.rejects(Deno.connect({ hostname: "127.0.0.1", port: vault.port }), Deno.errors.ConnectionRefused);
  const left = [...Deno.readDirSync(vault.dir)].map(({ name }) => name).filter((name) => name.startsWith("."));
  assert.deepEqual(left, []);
  await Deno.remove(vault.socket, { recursive: true });
  await vault.start();
  assert.equal(await site.call(alice), "OK");
});

Deno.test("a configuration edited to nonsense: the daemon goes on as it was, the CLI tells file and line", async () => {
  const [site, alice] = await startWithAlice();
  await using _ = site;
  const { vault } = site, before = await Deno.readTextFile(vault.config), state = await site.state();
  await Deno.writeTextFile(vault.config, `${before}audit: [evt_secret\n`);
  for (const command of [["token", "list"], ["role", "list"], ["status"], ["daemon", "stop"], ["daemon", "start"]]) {
    const { code, stdout, stderr } = await vault.cli(...command);
    assert.deepEqual([code, stdout], [1, ""], command.join(" "));
    assert.match(stderr, /^Error: parse config .*runevault\.conf: line \d+/);
    assert.equal(stderr.includes("evt_secret"), false);
  }
  assert.equal(await site.call(alice), "OK");
  assert.deepEqual(await site.state(), state);
  assert.equal((await vault.cli("--admin-socket", vault.socket, "token", "list")).code, 0);
  await Deno.writeTextFile(vault.config, before);
  assert.equal((await vault.cli("status")).code, 0);
  await site.takesChanges(alice);
});

Deno.test({
  name: "a clock moved back and forth by a day: limits hold, expiry follows the calendar, no audit line is lost",
  ignore: !CAN_SHIFT_CLOCK,
  fn: async () => {
    await using clock = await ShiftedClock.create();
    const [site, alice] = await startWithAlice({ env: clock.env });
    await using _ = site;
    const { api } = site;
    // At noon, so that no real midnight comes while the test runs.
    const now = new Date(), noon = Math.round((new Date(now).setHours(12, 0, 0, 0) - now.getTime()) / 1000);
    await clock.set(noon);
    const expiring = await api.issue("today", "tight", 0), expired = await api.issue("yesterday", "tight", -1);
    assert.deepEqual([await site.call(expiring), await site.call(expired)], [
      "OK",
      "UNAUTHENTICATED Token expired for user 'yesterday'",
    ]);

    await clock.set(noon - DAY_SECONDS);
    assert.deepEqual([await site.call(alice), await site.call(expiring), await site.call(expired)], ["OK", "OK", "OK"]);
    const { body } = await api.send("POST", "/tokens/yesterday/rotate");
    assert.equal(dayOf(body.issued_at) - dayOf(body.expires), 1, "rotated for -1 days as before");

    await clock.set(noon + DAY_SECONDS);
    assert.equal(await site.call(expiring), "UNAUTHENTICATED Token expired for user 'today'");
    assert.equal(await site.call(alice), "OK");

    await clock.set(noon);
    // Two of three calls are in the window that is counted by the monotonic clock: a clock that is set gives no budget.
    assert.equal(await site.call(expiring), "OK");
    assert.match(await site.call(expiring), /^RESOURCE_EXHAUSTED Rate limit exceeded\. Retry after 863[5-9]\ds$/);

    const logs = [...Deno.readDirSync(join(site.vault.dir, "logs"))].map(({ name }) => name).sort();
    const today = new Date(now.getTime() + noon * 1000).toISOString().slice(0, 10);
    assert.deepEqual(logs, ["audit.log", `audit.log.${today}`], "rotated once, by the next day");
    const lines = await Promise.all(logs.map((name) => site.audit(join(site.vault.dir, "logs", name))));
    assert.deepEqual(lines.map(({ length }) => length), [4, 5]);
    await site.vault.stop();
    await site.vault.start();
    assert.equal(await site.call(alice), "OK");
  },
});

function dayOf(date: string): number {
  return Date.parse(date) / 1000 / DAY_SECONDS;
}

Deno.test("an audit log removed, replaced, or gone with its directory: no line that was answered for is lost", async () => {
  const [site, alice] = await startWithAlice();
  await using _ = site;
  const { auditFile } = site, folder = join(site.vault.dir, "logs");
  await site.call(alice);
  await Deno.remove(auditFile);
  assert.equal(await site.call(alice), "OK");
  assert.equal((await site.audit()).length, 1, "a new file");

  await Deno.writeTextFile(`${auditFile}.new`, `{"status":"somebody else's"}\n`);
  await Deno.rename(`${auditFile}.new`, auditFile);
  assert.equal(await site.call(alice), "OK");
  assert.deepEqual((await site.audit()).map(({ status }) => status), ["somebody else's", "success"]);

  await Deno.rename(folder, `${folder}.aside`);
  assert.equal(await site.call(alice), AUDIT_UNAVAILABLE);
  await Deno.rename(`${folder}.aside`, folder);
  assert.equal(await site.call(alice), "OK");
});

Deno.test("an audit line cut off by a power failure stays alone on its line", async () => {
  const [site, alice] = await startWithAlice();
  await using _ = site;
  assert.equal(await site.call(alice), "OK");
  await site.vault.stop("SIGKILL");
  const [whole] = (await Deno.readTextFile(site.auditFile)).split("\n");
  await Deno.writeTextFile(site.auditFile, whole.slice(0, 70), { append: true });
  await site.vault.start();
  assert.equal(await site.call(alice), "OK");
  const lines = (await Deno.readTextFile(site.auditFile)).split("\n");
  assert.deepEqual(lines.map(isAuditLine), [true, false, true, false]);
});

Deno.test({
  name: "EIO from the audit log: calls are refused until it is over, and nothing is told before it is audited",
  ignore: !CAN_TRACE,
  fn: async () => {
    const [site, alice] = await startWithAlice();
    await using _ = site;
    assert.equal(await site.call(alice), "OK");
    {
      await using _errors = await IoErrors.inject(site.vault.pid, "write", site.auditFile);
      assert.deepEqual([await site.call(alice), await site.call(alice)], [AUDIT_UNAVAILABLE, AUDIT_UNAVAILABLE]);
      assert.equal(await site.call("evt_ffffffffffffffffffffffffffffffff"), AUDIT_UNAVAILABLE);
    }
    assert.match(site.vault.stderr, /ERROR audit: cannot write .*audit\.log: Input\/output error/);
    assert.equal(await site.call(alice), "OK");
    assert.equal((await site.audit()).length, 2);
  },
});

Deno.test({
  name: "EIO from the audit log with audit.fail_closed false: calls go on and the log says what is missing",
  ignore: !CAN_TRACE,
  fn: async () => {
    const sections = { audit: "audit: {mode: file, path: logs/audit.log, fail_closed: false}" };
    const [site, alice] = await startWithAlice({ sections });
    await using _ = site;
    {
      await using _errors = await IoErrors.inject(site.vault.pid, "write", site.auditFile);
      assert.equal(await site.call(alice), "OK");
    }
    assert.match(site.vault.stderr, /ERROR audit: cannot write .*audit\.log: Input\/output error/);
    assert.equal(await site.call(alice), "OK");
    assert.equal((await site.audit()).length, 1);
  },
});

function isAuditLine(line: string): boolean {
  try {
    return JSON.parse(line).status === "success";
  } catch {
    return false;
  }
}
