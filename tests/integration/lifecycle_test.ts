import assert from "node:assert/strict";
import { join } from "node:path";
import { unixHttp } from "#edge/admin/unix_http.ts";
import { checkRuntime } from "../../src/daemon/runtime_check.ts";
import { exists } from "../support/files.ts";
import { LIBRARY, ROOT } from "../support/paths.ts";
import { run, TestVault } from "../support/test_vault.ts";
import { refusalOf, VaultClient } from "../support/vault_client.ts";

const LAUNCHER = `${ROOT}src/launch/launch.sh`;

Deno.test("the CLI goes through a vault's whole life", async (t) => {
  await using vault = await TestVault.start();
  await t.step("status tells that all is up", async () => {
    const { code, stdout } = await vault.cli("status");
    assert.ok(
      stdout.startsWith(
        `Config:       ${vault.config}
PID file:     ${join(vault.dir, ".runevault.pid")}
  PID:        ${vault.pid} (alive)
Admin socket: ${vault.socket} (ok)
gRPC:         127.0.0.1:${vault.port} (ok)
`,
      ),
      stdout,
    );
    assert.equal(code, 0);
  });
  await t.step("the PID file and the socket are private", () => {
    assert.equal(Deno.readTextFileSync(join(vault.dir, ".runevault.pid")), `${vault.pid}\n`);
    for (const name of [".runevault.pid", "admin.sock"]) {
      assert.equal(Deno.lstatSync(join(vault.dir, name)).mode! & 0o777, 0o600);
    }
  });
  await t.step("tokens and roles are issued, listed, rotated and revoked", async () => {
    const issued = await vault.cli("token", "issue", "--user", "alice", "--role", "member", "--expires", "30d");
    assert.match(
      issued.stdout,
      /^\nToken issued for 'alice':\n {2}Role: {4}member\n {2}Expires: \d{4}-\d\d-\d\d\n\n {2}Token: evt_/,
    );
    const listed = await vault.cli("token", "list");
    assert.match(listed.stdout, /^USER .*\nalice {12}member {9}10 {5}30\/60s {2}\d{4}-\d\d-\d\d {2}\n$/);
    assert.match((await vault.cli("role", "list")).stdout, /\nadmin .*\nmember .*\n$/);
    assert.match((await vault.cli("token", "rotate", "--user", "alice")).stdout, /Token rotated for 'alice':/);
    assert.equal((await vault.cli("token", "revoke", "--user", "alice")).stdout, "Revoked token for 'alice'\n");
    assert.equal((await vault.cli("token", "list")).stdout, "No tokens issued.\n");
    assert.deepEqual(await vault.cli("token", "revoke", "--user", "alice"), {
      code: 1,
      stdout: "",
      stderr: "Error: No token found for user 'alice'\n",
    });
  });
  await t.step("a second daemon is refused and disturbs nothing", async () => {
    const { code, stderr } = await vault.cli("daemon", "start");
    assert.equal(code, 1);
    const pidFile = join(vault.dir, ".runevault.pid");
    assert.match(
      stderr,
      new RegExp(
        `^Error: another runevault daemon is already running \\(pid ${vault.pid}, pidfile ${pidFile}\\)$`,
        "m",
      ),
    );
    assert.equal((await vault.cli("status")).code, 0);
  });
  await t.step("the admin socket tells its health", async () => {
    const { status, text } = await unixHttp(vault.socket, { method: "GET", target: "/health" });
    assert.deepEqual([status, text], [200, `{"status": "ok"}`]);
  });
  await t.step("daemon stop ends it and leaves no socket and no PID file", async () => {
    const { pid } = vault;
    assert.deepEqual(await vault.cli("daemon", "stop"), {
      code: 0,
      stdout: `Daemon (pid ${pid}) stopped.\n`,
      stderr: "",
    });
    assert.equal((await vault.stop()).code, 0);
    assert.deepEqual([exists(vault.socket), exists(join(vault.dir, ".runevault.pid"))], [false, false]);
    const { code, stdout } = await vault.cli("status");
    assert.equal(code, 2);
    assert.match(stdout, / {2}PID: {8}not present\nAdmin socket: .* \(down.*\)\ngRPC: .* \(down.*\)\n$/);
    const again = await vault.cli("daemon", "stop");
    assert.deepEqual([again.code, again.stderr], [
      1,
      `Error: no PID file at ${join(vault.dir, ".runevault.pid")} — daemon not running?\n`,
    ]);
  });
  await t.step("a start after a crash warns about the PID file and finds every token", async () => {
    await vault.start();
    const token = await vault.issueToken("carol");
    await vault.stop("SIGKILL");
    assert.ok(exists(join(vault.dir, ".runevault.pid")));
    assert.match((await vault.cli("status")).stdout, /\(dead — stale PID file\)/);
    await vault.start();
    assert.match(vault.stderr, /WARN .*stale/i);
    using client = new VaultClient(`localhost:${vault.port}`, vault.ca);
    assert.equal((await client.getPublicKey({ token })).error, "");
  });
});

Deno.test("a call in flight is answered although the daemon was told to stop", async () => {
  await using vault = await TestVault.start();
  const token = await vault.issueToken("alice");
  using client = new VaultClient(`localhost:${vault.port}`, vault.ca);
  await client.getPublicKey({ token });
  const blob = "A".repeat(40 << 20);
  const answered = client.decryptScores({ token, encrypted_blob_b64: blob, top_k: 1 });
  // The upload is under way once this small call, sent after it, is answered.
  await client.getPublicKey({ token });
  const stopped = vault.stop("SIGTERM");
  assert.match((await answered).error, /Deserialization failed/);
  assert.equal((await stopped).code, 0);
  assert.equal((await refusalOf(client.getPublicKey({ token }))).code, "UNAVAILABLE");
});

Deno.test("runevault init makes an install that starts, and changes nothing when it is repeated", async () => {
  const dir = await Deno.makeTempDir({ prefix: "rv-init-" });
  try {
    const first = await run("sh", [LAUNCHER, "init", "--dir", dir]);
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stdout, /Next:\n {2}1\. Save copies/);
    const modes = (folder: string) =>
      Object.fromEntries(
        [...Deno.readDirSync(join(dir, folder))].map((
          { name },
        ) => [name, (Deno.lstatSync(join(dir, folder, name)).mode! & 0o777).toString(8)]).sort(),
      );
    assert.deepEqual(modes("configs"), { "roles.yml": "600", "runevault.conf": "600", "tokens.yml": "600" });
    assert.deepEqual(modes("certs"), { "ca.key": "600", "ca.pem": "644", "server.key": "600", "server.pem": "644" });
    assert.deepEqual(modes("vault-keys"), { "vault-key": "700" });
    assert.equal(await Deno.readTextFile(join(dir, "configs/tokens.yml")), "tokens: []\n");
    const contents = () => [...walk(dir)].map((path) => [path, Deno.readTextFileSync(path)]);
    const before = contents();
    const second = await run("sh", [LAUNCHER, "init", "--dir", dir]);
    assert.equal(second.code, 0, second.stderr);
    assert.equal(second.stdout.includes("created"), false);
    assert.deepEqual(contents(), before);
    const ca = await run("openssl", ["verify", "-CAfile", join(dir, "certs/ca.pem"), join(dir, "certs/server.pem")])
      .catch(() => undefined);
    if (ca) assert.match(ca.stdout, /: OK/);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

function* walk(folder: string): Generator<string> {
  for (const { name, isDirectory } of [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1)) {
    if (isDirectory) yield* walk(join(folder, name));
    else yield join(folder, name);
  }
}

for (
  const { name, spoil, want } of [
    {
      name: "a missing library",
      spoil: (vault: TestVault) => edit(vault, LIBRARY, "/nowhere/lib.so"),
      want: /Error: .*cannot open the envector library \/nowhere\/lib\.so/,
    },
    {
      name: "a partial key bundle",
      spoil: (vault: TestVault) => Deno.removeSync(join(vault.dir, "vault-keys/vault-key/EncKey.json")),
      want: /Error: daemon: ensure keys: crypto: generate keys: envector\/crypto: key path ".*vault-key" is not empty/,
    },
    {
      name: "a damaged secret key",
      spoil: (vault: TestVault) => Deno.writeTextFileSync(join(vault.dir, "vault-keys/vault-key/SecKey.json"), "{}"),
      want: /Error: daemon: open sec key: .*SecKey\.json: the envelope has no entries/,
    },
    {
      name: "a key that is not the certificate's",
      spoil: async (vault: TestVault) => {
        const { key } = await (await import("../support/certificates.ts")).testCertificates();
        Deno.writeTextFileSync(join(vault.dir, "certs/server.key"), key);
      },
      want: /Error: server: tls: .*server\.key is not the key of the certificate .*server\.pem/,
    },
    {
      name: "a state file edited to nonsense",
      spoil: (vault: TestVault) => Deno.writeTextFileSync(join(vault.dir, "configs/tokens.yml"), "tokens: [{user: a}]"),
      want: /Error: .*tokens\.yml/,
    },
    {
      name: "an unknown key in the configuration",
      spoil: (vault: TestVault) => Deno.writeTextFileSync(vault.config, "surprise: 1\n", { append: true }),
      want: /Error: parse config .*surprise/,
    },
    {
      name: "a port that is taken",
      spoil: (vault: TestVault) => {
        const listener = Deno.listen({ hostname: "127.0.0.1", port: vault.port });
        return { [Symbol.dispose]: () => listener.close() };
      },
      want: /Error: server: listen 127\.0\.0\.1:\d+: /,
    },
  ]
) {
  Deno.test(`the daemon does not start with ${name}, says why and leaves no socket`, async () => {
    await using vault = await TestVault.create();
    const spoiled = await spoil(vault);
    using _held = typeof spoiled === "object" ? spoiled : undefined;
    const { code, stderr } = await vault.cli("daemon", "start");
    assert.match(stderr, want);
    assert.equal(code, 1);
    assert.deepEqual([exists(vault.socket), exists(join(vault.dir, ".runevault.pid"))], [false, false]);
  });
}

function edit(vault: TestVault, from: string, to: string): void {
  Deno.writeTextFileSync(vault.config, Deno.readTextFileSync(vault.config).replace(from, to));
}

for (const version of ["2.9.4", "2.9.5", "2.9.6"]) {
  Deno.test(`checkRuntime() refuses Deno ${version}, which any client can crash`, () => {
    assert.throws(() => checkRuntime(version), { message: /denoland\/deno#36788.*npx -y deno@2\.9\.3/ });
  });
}

Deno.test("checkRuntime() takes the pinned Deno", () => checkRuntime(Deno.version.deno));
