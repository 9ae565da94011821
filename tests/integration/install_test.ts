import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { run, TestVault } from "../support/test_vault.ts";
import { refusalOf, VaultClient } from "../support/vault_client.ts";

const DEMO_TOKEN = "evt_0000000000000000000000000000demo";
const token = (digit: string) => `evt_${digit.repeat(32)}`;
const HELLO = JSON.stringify({ a: "abc123def456", c: "OhawM+14dWV/2KJwL0Ud3pqJpP6Mr7XVfCsM" });

/** As people and older releases of the original wrote them. */
const ROLES = `roles:
  admin: {scope: [get_public_key, decrypt_scores, decrypt_metadata, manage_tokens], top_k: 50, rate_limit: 150/60s}
  limited:
    scope:
    - get_public_key
    top_k: 0
    rate_limit: 30/60
`;
const TOKENS = `tokens:
- {user: demo, token: ${DEMO_TOKEN}, role: admin, created: 2026-01-01}
- user: alice
  token: ${token("a")}
  role: limited
  issued_at: '2026-01-01'
  expires: '2126-01-01'
- {user: old, token: ${token("b")}, role: admin, issued_at: '2020-01-01', expires: 2020-01-02}
- {user: odd, token: ${token("c")}, role: admin, issued_at: '2020-01-01', expires: nope}
- {user: stray, token: ${token("d")}, role: gone, issued_at: '2020-01-01'}
`;

Deno.test("a vault boots against the keys and state files of the original's install", async (t) => {
  await using vault = await TestVault.create();
  const rolesFile = join(vault.dir, "configs/roles.yml"), tokensFile = join(vault.dir, "configs/tokens.yml");
  await Deno.writeTextFile(rolesFile, ROLES, { mode: 0o644 });
  await Deno.writeTextFile(tokensFile, TOKENS, { mode: 0o644 });
  await vault.start();
  using client = new VaultClient(`localhost:${vault.port}`, vault.ca);

  await t.step("its tokens work", async () => {
    const { key_bundle_json } = await client.getPublicKey({ token: DEMO_TOKEN });
    const { agent_id, agent_dek } = JSON.parse(key_bundle_json);
    assert.equal(agent_id, "a84c4af3aac6f4479a6741d9df0cda65");
    assert.equal(
      Uint8Array.fromBase64(agent_dek).toHex(),
      "3a9ac4faeaa11c18e195227e79d5c1f149f1c6627707e22d90c1e27de0b3aafd",
    );
    assert.equal((await client.getPublicKey({ token: token("a") })).error, "");
  });
  for (
    const { name, call, want } of [
      {
        name: "an expired token",
        call: () => client.getPublicKey({ token: token("b") }),
        want: { code: "UNAUTHENTICATED", details: "Token expired for user 'old'" },
      },
      {
        name: "an expiry that is no date",
        call: () => client.getPublicKey({ token: token("c") }),
        want: { code: "UNAUTHENTICATED", details: "Invalid isoformat string: 'nope'" },
      },
      {
        name: "a role that is gone",
        call: () => client.getPublicKey({ token: token("d") }),
        want: { code: "UNAUTHENTICATED", details: "Invalid authentication token" },
      },
      {
        name: "an unknown token for the key bundle",
        call: () => client.getPublicKey({ token: token("e") }),
        want: { code: "UNAUTHENTICATED", details: "Invalid authentication token" },
      },
      {
        name: "an unknown token for metadata",
        call: () => client.decryptMetadata({ token: token("e"), encrypted_metadata_list: [HELLO] }),
        want: { code: "UNAUTHENTICATED", details: "Invalid authentication token" },
      },
      {
        name: "a method out of scope",
        call: () => client.decryptMetadata({ token: token("a"), encrypted_metadata_list: [HELLO] }),
        want: { code: "PERMISSION_DENIED", details: "Method 'decrypt_metadata' not permitted for role 'limited'" },
      },
      {
        name: "top_k 51 of an admin",
        call: () => client.decryptScores({ token: DEMO_TOKEN, encrypted_blob_b64: "AA==", top_k: 51 }),
        want: { code: "INVALID_ARGUMENT", details: "top_k 51 exceeds limit 50 for role 'admin'" },
      },
    ]
  ) {
    await t.step(`${name} is refused as before`, async () => assert.deepEqual(await refusalOf(call()), want));
  }

  await t.step("its lists keep their order, missing defaults behind them", async () => {
    assert.equal(
      (await vault.cli("token", "list")).stdout,
      `USER             ROLE        TOP_K       RATE  EXPIRES     
demo             admin          50    150/60s  never       
alice            limited         0      30/60  2126-01-01  
old              admin          50    150/60s  2020-01-02  
odd              admin          50    150/60s  nope        
stray            gone            ?          ?  never       
`,
    );
    assert.equal(
      (await vault.cli("role", "list")).stdout,
      `ROLE         SCOPE                                               TOP_K       RATE
admin        get_public_key,decrypt_scores,decrypt_metadata,manage_tokens     50    150/60s
limited      get_public_key                                          0      30/60
member       get_public_key,decrypt_scores,decrypt_metadata         10     30/60s
`,
    );
  });

  await t.step("nothing is written before something changes, then all in the original's style, mode 0600", async () => {
    assert.equal(await Deno.readTextFile(tokensFile), TOKENS);
    for (const user of ["old", "odd", "stray"]) {
      assert.equal((await vault.cli("token", "revoke", "--user", user)).code, 0);
    }
    assert.equal(
      await Deno.readTextFile(tokensFile),
      `tokens:
- user: demo
  token: ${DEMO_TOKEN}
  role: admin
  issued_at: '2026-01-01'
- user: alice
  token: ${token("a")}
  role: limited
  issued_at: '2026-01-01'
  expires: '2126-01-01'
`,
    );
    assert.match(
      await Deno.readTextFile(rolesFile),
      /^ {2}limited:\n {4}scope:\n {4}- get_public_key\n {4}top_k: 0\n {4}rate_limit: 30\/60\n/m,
    );
    for (const file of [rolesFile, tokensFile]) assert.equal(Deno.statSync(file).mode! & 0o777, 0o600);
  });
});

Deno.test("a changed server.admin.socket and --admin-socket take effect after a restart, which keeps the command's terminal", async () => {
  await using vault = await TestVault.start();
  const socketOf = (name: string) => join(vault.dir, name);
  const text = await Deno.readTextFile(vault.config);
  await Deno.writeTextFile(vault.config, text.replace("server: {", "server: {admin: {socket: run/new.sock}, "));
  assert.equal((await vault.cli("token", "list", "--admin-socket", vault.socket)).code, 0, "the old one until then");
  const first = vault.pid;
  for (
    const { args, socket } of [{ args: [], socket: "run/new.sock" }, {
      args: ["--admin-socket", socketOf("flag.sock")],
      socket: "flag.sock",
    }]
  ) {
    await using restarted = new Restarted(vault.config, args);
    assert.match(await restarted.firstLines, new RegExp(`serving gRPC on .*, admin on ${socketOf(socket)}`));
    assert.equal((await vault.cli("token", "list", "--admin-socket", socketOf(socket))).code, 0);
    assert.equal(existsSync(vault.socket), false);
    assert.notEqual(restarted.pid, first);
    const { code, stdout } = await restarted.interrupt();
    assert.deepEqual([code, existsSync(socketOf(socket)), existsSync(socketOf(".runevault.pid"))], [0, false, false]);
    if (args.length === 0) assert.equal(stdout, `Daemon (pid ${first}) stopped.\n`);
  }
});

/** `runevault daemon restart` in the foreground. */
class Restarted implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #stderr = Promise.withResolvers<string>();
  readonly #done: Promise<unknown>;

  constructor(config: string, args: string[]) {
    const launcher = new URL("../../src/launch/launch.sh", import.meta.url).pathname;
    const command = new Deno.Command("sh", {
      args: [launcher, "daemon", "restart", "--config", config, ...args],
      env: { DENO: Deno.execPath(), NO_COLOR: "1" },
      stdout: "piped",
      stderr: "piped",
    });
    this.#child = command.spawn();
    this.#done = this.#read();
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** What it has said until it serves. */
  get firstLines(): Promise<string> {
    return this.#stderr.promise;
  }

  async interrupt(): Promise<{ code: number; stdout: string }> {
    this.#child.kill("SIGINT");
    const stdout = await new Response(this.#child.stdout).text();
    await this.#done;
    return { code: (await this.#child.status).code, stdout };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch { /* has ended */ }
    await this.#child.status;
    await this.#done;
  }

  async #read(): Promise<void> {
    let text = "";
    for await (const part of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      text += part;
      if (text.includes("serving gRPC")) this.#stderr.resolve(text);
    }
    this.#stderr.resolve(text);
  }
}

Deno.test("secret files of a loose mode are warned about and used", async () => {
  await using vault = await TestVault.create({
    sections: {
      tokens: "tokens: {team_secret_file: secret, roles_file: configs/roles.yml, tokens_file: configs/tokens.yml}",
    },
  });
  await Deno.writeTextFile(join(vault.dir, "secret"), "test-team-secret-32-bytes-please\n");
  await Deno.chmod(join(vault.dir, "secret"), 0o644);
  await Deno.chmod(vault.config, 0o640);
  await vault.start();
  for (
    const [label, path, mode] of [["runevault.conf", vault.config, "0640"], [
      "tokens.team_secret_file",
      join(vault.dir, "secret"),
      "0644",
    ]]
  ) {
    const warning = `config: secret file mode is too permissive: ${label} ${path} mode ${mode}, expected 0600`;
    assert.ok(vault.stderr.includes(` WARN  ${warning}\n`), vault.stderr);
  }
  const token = await vault.issueToken("alice");
  using client = new VaultClient(`localhost:${vault.port}`, vault.ca);
  const { decrypted_metadata } = await client.decryptMetadata({ token, encrypted_metadata_list: [HELLO] });
  assert.deepEqual(decrypted_metadata, ["hello world"]);
});

for (
  const { host, target, sourceIp, tls = false } of [
    { host: "::1", target: "[::1]", sourceIp: "[::1]" },
    { host: "::1", target: "[::1]", sourceIp: "[::1]", tls: true },
    { host: "::", target: "127.0.0.1", sourceIp: "127.0.0.1", tls: true },
    { host: "::", target: "127.0.0.1", sourceIp: "127.0.0.1" },
    { host: "", target: "127.0.0.1", sourceIp: "127.0.0.1" },
    { host: "localhost", target: "127.0.0.1", sourceIp: "127.0.0.1" },
  ]
) {
  Deno.test(`a vault that listens on "${host}"${tls ? " with TLS" : ""} is up and audits a caller as ${sourceIp}`, async () => {
    await using vault = await TestVault.create({ tls });
    const text = await Deno.readTextFile(vault.config);
    await Deno.writeTextFile(vault.config, text.replace("host: 127.0.0.1", `host: "${host}"`));
    await vault.start();
    assert.equal((await vault.cli("status")).code, 0);
    using client = new VaultClient(`${target}:${vault.port}`, tls ? vault.ca : undefined);
    await client.getPublicKey({ token: await vault.issueToken("alice") });
    const { stdout } = await vault.cli("logs", "--audit", "--json");
    assert.equal(JSON.parse(stdout).source_ip, sourceIp);
  });
}

Deno.test("a vault without an audit mode writes no audit log, and unknown methods are not implemented", async () => {
  await using vault = await TestVault.create({ sections: { audit: 'audit: {mode: ""}' } });
  // curl always offers HTTP/1.1 too, which the port prefers where it speaks it.
  const text = await Deno.readTextFile(vault.config);
  await Deno.writeTextFile(vault.config, text.replace("server: {", "server: {http: {enable: false}, "));
  await vault.start();
  using client = new VaultClient(`localhost:${vault.port}`, vault.ca);
  await client.getPublicKey({ token: await vault.issueToken("alice") });
  assert.deepEqual([...Deno.readDirSync(join(vault.dir, "logs"))], []);
  const args = ["-sk", "--http2-prior-knowledge", "-o", "/dev/null", "-D", "-", "-X", "POST", "-H", "te: trailers"];
  const url = `https://127.0.0.1:${vault.port}/rune.vault.v1.VaultService/GetAgentManifest`;
  const answer = await run("curl", [...args, "-H", "content-type: application/grpc", url]).catch(() => undefined);
  if (answer) assert.match(answer.stdout, /^grpc-status: 12\r?$/m);
});
