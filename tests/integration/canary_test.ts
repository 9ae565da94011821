import assert from "node:assert/strict";
import { createCipheriv } from "node:crypto";
import { join } from "node:path";
import { deriveAgentKey } from "#domain/metadata/mod.ts";
import { AdminApi } from "../support/admin_api.ts";
import { filesIn } from "../support/files.ts";
import { methodPath, RawGrpc } from "../support/raw_grpc.ts";
import { ScrapedPage } from "../support/scraped_page.ts";
import { TestVault } from "../support/test_vault.ts";
import { refusalOf, VaultClient } from "../support/vault_client.ts";

const TEAM_SECRET = "canary-team-secret-f3a9", API_KEY = "canary-api-key-77b1";

/** Where secrets have to be. */
const HOMES = /\/(configs\/(tokens\.yml|runevault\.conf)|vault-keys\/.*|certs\/server\.key)$/;

/** Texts that are secret or that a caller sent: none of them may be found where people look. */
class Canaries {
  readonly #secrets = new Set<string>();
  #count = 0;

  /** A new text of this length, at least 16, that stands nowhere else. */
  make(kind: string, length = 24): string {
    const text = `canary${kind}${(this.#count += 1).toString(16)}`;
    return this.add(`${text}${"0123456789abcdef".repeat(10)}`.slice(0, length));
  }

  add(secret: string): string {
    this.#secrets.add(secret);
    return secret;
  }

  assertAbsent(text: string, where: string): void {
    // A part is enough: V8's own texts about JSON quote ten characters.
    assert.equal(/canar/i.test(text), false, `a canary in ${where}: ${text.slice(0, 300)}`);
    for (const secret of this.#secrets) {
      for (const form of [secret, btoa(secret).slice(0, 16), encodeURIComponent(secret)]) {
        assert.equal(text.includes(form), false, `${secret} in ${where}: ${text.slice(0, 300)}`);
      }
    }
  }
}

/** What the daemon wrote, and what other users of the machine can see of it. */
function assertNothingLeaked(vault: TestVault, canaries: Canaries): void {
  canaries.assertAbsent(vault.stderr, "the log");
  for (const path of filesIn(vault.dir)) {
    if (!HOMES.test(path)) canaries.assertAbsent(Deno.readTextFileSync(path), path);
  }
  const keyFiles = [...Deno.readDirSync(join(vault.dir, "vault-keys/vault-key"))].map(({ name }) => name).sort();
  assert.deepEqual(keyFiles, ["EncKey.json", "EvalKey.json", "SecKey.json"], "no copy of a key is left");
  if (Deno.build.os !== "linux") return;
  for (const name of ["cmdline", "environ"]) {
    canaries.assertAbsent(Deno.readTextFileSync(`/proc/${vault.pid}/${name}`), name);
  }
}

/** A metadata envelope of the vault's team. */
function envelope(plaintext: string): string {
  const cipher = createCipheriv("aes-256-ctr", deriveAgentKey(TEAM_SECRET, "agent"), new Uint8Array(16));
  const sealed = new Uint8Array([...new Uint8Array(16), ...cipher.update(plaintext)]);
  return JSON.stringify({ a: "agent", c: sealed.toBase64() });
}

Deno.test("no secret and nothing of a request stands in logs, errors, metrics, files or the process list", async (t) => {
  const canaries = new Canaries();
  canaries.add(TEAM_SECRET);
  canaries.add(API_KEY);
  await using vault = await TestVault.create({
    sections: {
      tokens: `tokens: {team_secret: ${TEAM_SECRET}, roles_file: configs/roles.yml, tokens_file: configs/tokens.yml}`,
      envector: `envector: {endpoint: cloud.example, api_key: ${API_KEY}}`,
      log: "log: {level: debug}",
    },
  });
  const config = Deno.readTextFileSync(vault.config);
  Deno.writeTextFileSync(vault.config, config.replace("server: {", "server: {http: {user_label: true}, "));
  await vault.start();
  const secKey = Deno.readTextFileSync(join(vault.dir, "vault-keys/vault-key/SecKey.json"));
  canaries.add(/"key_data":\s*"([^"]{40})/.exec(secKey)![1]);
  const api = new AdminApi(vault.socket);
  const issue = async (user: string) => canaries.add(await api.issue(user));
  const token = await issue("alice"), old = await issue("bob");
  canaries.add((await api.send("POST", "/tokens/bob/rotate")).body.token);
  using client = new VaultClient(`localhost:${vault.port}`, vault.ca);

  await t.step("of good calls", async () => {
    const { key_bundle_json } = await client.getPublicKey({ token });
    canaries.add(JSON.parse(key_bundle_json).agent_dek);
    const plaintext = canaries.make("plain"), sealed = envelope(plaintext);
    canaries.add(JSON.parse(sealed).c);
    const { decrypted_metadata } = await client.decryptMetadata({ token, encrypted_metadata_list: [sealed] });
    assert.deepEqual(decrypted_metadata, [plaintext]);
    assertNothingLeaked(vault, canaries);
  });

  await t.step("of malformed gRPC calls, whose answers quote nothing", async () => {
    const blob = () => canaries.make("blob", 40);
    const metadata = () => {
      const [agent, cipher, key] = ["agent", "cipher", "key"].map((kind) => canaries.make(kind));
      return [`{"a":"${agent}","c":"${cipher}`, `{"a":"${agent}","c":"${cipher}!"}`, `{"${key}":1}`, `"${agent}"`, key];
    };
    const answers: unknown[] = [];
    const record = async (call: Promise<unknown>) => answers.push(await call.catch(() => refusalOf(call)));
    const tokens = [old, canaries.make("token", 36), canaries.make("short", 30), canaries.make("long", 60)];
    for (const bad of [...tokens, `${canaries.make("ctl", 35)}\n`, `${canaries.make("space", 35)} `]) {
      await record(client.getPublicKey({ token: bad }));
      await record(client.decryptScores({ token: bad, encrypted_blob_b64: blob(), top_k: 1 }));
      await record(client.decryptMetadata({ token: bad, encrypted_metadata_list: metadata() }));
    }
    for (const top_k of [1, 51, 301]) await record(client.decryptScores({ token, encrypted_blob_b64: blob(), top_k }));
    for (const item of metadata()) await record(client.decryptMetadata({ token, encrypted_metadata_list: [item] }));
    await using raw = new RawGrpc(vault);
    const bytes = new TextEncoder().encode(canaries.make("bytes", 200));
    const fields = { authorization: `Bearer ${canaries.make("header")}`, "x-token": canaries.make("field") };
    for (const method of ["GetPublicKey", "DecryptScores", "DecryptMetadata", canaries.make("method")]) {
      const { code, details } = await raw.call(methodPath(method), bytes, fields);
      assert.notEqual(code, "OK");
      // grpc-js names the method that it does not know, to its caller alone.
      if (code !== "UNIMPLEMENTED") answers.push(details);
    }
    assert.ok(answers.length > 25);
    canaries.assertAbsent(JSON.stringify(answers), "an answer");
    assertNothingLeaked(vault, canaries);
  });

  await t.step("of HTTP requests, whose answers and metrics quote nothing", async () => {
    const answers: string[] = [];
    for (const bad of [old, token, canaries.make("token", 36), canaries.make("long", 400)]) {
      for (const path of ["/metrics", `/${canaries.make("path")}?${canaries.make("query")}=1`]) {
        answers.push((await ScrapedPage.fetch(vault, path, { authorization: `Bearer ${bad}` })).text);
      }
    }
    const { text } = await ScrapedPage.of(vault);
    assert.match(text, /vault_grpc_requests_total\{method="DecryptScores",code="INVALID_ARGUMENT"\} [1-9]/);
    assert.match(text, /vault_decryption_requests_total\{user="alice"\} [1-9]/);
    canaries.assertAbsent(answers.join("\n") + text, "an answer");
    assertNothingLeaked(vault, canaries);
  });

  await t.step("of malformed admin calls, whose answers quote nothing but names", async () => {
    const answers: string[] = [];
    const record = async (method: string, path: string, body: unknown) => {
      const { status, text } = await api.send(method, path, body);
      assert.ok(status >= 400, text);
      answers.push(text);
    };
    const role = { name: "new", scope: ["x"], top_k: 1, rate_limit: "1/1s" };
    for (const path of ["/tokens", "/tokens/alice/rotate", "/tokens/_rotate_all", "/roles"]) {
      for (const start of ["", "{", `{"user": "`, `{"user": "x", "role": `, "["]) {
        await record("POST", path, `${start}${canaries.make("json")}`);
      }
    }
    await record("POST", "/tokens", { user: [canaries.make("user")], role: "admin" });
    await record("POST", "/tokens", { user: "carol", role: { x: canaries.make("role") } });
    await record("POST", "/tokens", { user: "carol", role: "admin", expires_days: canaries.make("days") });
    await record("POST", "/roles", { ...role, top_k: canaries.make("topk") });
    await record("PUT", "/roles/admin", { scope: canaries.make("scope") });
    await record("PUT", "/roles/admin", { [canaries.make("field")]: 1 });
    canaries.assertAbsent(answers.join("\n"), "an answer");
    // The texts of these are fixed by the contract and tell the caller what it sent; the log does not repeat it.
    await record("POST", "/tokens", { user: "alice", role: canaries.make("role") });
    await record("POST", "/roles", { ...role, rate_limit: canaries.make("rate") });
    assertNothingLeaked(vault, canaries);
  });

  await t.step("of changes that cannot be written, and of the CLI after each kind of failure", async () => {
    const tokens = join(vault.dir, "configs/tokens.yml");
    await Deno.rename(tokens, `${tokens}.aside`);
    await Deno.mkdir(tokens);
    for (const path of ["/tokens/bob/rotate", "/tokens/_rotate_all"]) {
      const { status, text } = await api.send("POST", path);
      assert.equal(status, 500);
      assert.equal(/evt_[0-9a-f]/.test(text), false);
      canaries.assertAbsent(text, "an answer");
    }
    const fail = async (...args: string[]) => {
      const { code, stdout, stderr } = await vault.cli(...args);
      assert.equal(code, 1, args.join(" "));
      assert.equal(/evt_[0-9a-f]/.test(stdout + stderr), false);
      canaries.assertAbsent(stdout + stderr, args.join(" "));
    };
    await fail("token", "rotate", "--user", "bob");
    await fail("token", "issue", "--user", "alice", "--role", "admin");
    await Deno.remove(tokens);
    await Deno.rename(`${tokens}.aside`, tokens);
    assertNothingLeaked(vault, canaries);
    await vault.stop("SIGKILL");
    await fail("token", "rotate", "--user", "bob");
  });
});

Deno.test("no file that stops the start is quoted", async () => {
  const canaries = new Canaries();
  await using vault = await TestVault.create();
  for (
    const { file, text } of [
      { file: "configs/tokens.yml", text: (canary: string) => `tokens:\n- {user: ${canary}, token: ${canary}}` },
      { file: "configs/tokens.yml", text: (canary: string) => `tokens:\n- ${canary}: [` },
      { file: "configs/roles.yml", text: (canary: string) => `roles: {a: {scope: ${canary}, top_k: ${canary}}}` },
      { file: "configs/roles.yml", text: (canary: string) => `${canary}: &x *y` },
      { file: "certs/server.key", text: (canary: string) => `-----BEGIN PRIVATE KEY-----\n${canary}\n` },
      { file: "certs/server.pem", text: (canary: string) => canary },
      { file: "vault-keys/vault-key/SecKey.json", text: (canary: string) => `{"entries":[{"key_data":"${canary}"}]}` },
      { file: "vault-keys/vault-key/SecKey.json", text: (canary: string) => `{"entries": ${canary}` },
      { file: "configs/runevault.conf", text: (canary: string) => `tokens: {team_secret: [${canary}]}` },
      { file: "configs/runevault.conf", text: (canary: string) => `tokens: {team_secret: ${canary}\n${canary}` },
    ]
  ) {
    const path = join(vault.dir, file), before = await Deno.readTextFile(path).catch(() => undefined);
    await Deno.writeTextFile(path, text(canaries.make("file", 40)));
    const { code, stdout, stderr } = await vault.cli("daemon", "start");
    assert.equal(code, 1, file);
    assert.notEqual(stderr, "");
    canaries.assertAbsent(stdout + stderr, `the start with ${file}`);
    if (before === undefined) await Deno.remove(path);
    else await Deno.writeTextFile(path, before);
  }
});
