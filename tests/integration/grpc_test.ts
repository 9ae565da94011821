import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { ScoreEncryptor } from "../support/blobs.ts";
import { GOLDEN_NAMES, goldenBlob, goldenExpected, withinOneUlp } from "../support/paths.ts";
import { TestVault } from "../support/test_vault.ts";
import { refusalOf, VaultClient } from "../support/vault_client.ts";

const AGENT = "abc123def456";
const HELLO = JSON.stringify({ a: AGENT, c: "OhawM+14dWV/2KJwL0Ud3pqJpP6Mr7XVfCsM" });
const INVALID_TOKEN = { code: "UNAUTHENTICATED", details: "Invalid authentication token" };

interface AuditLine {
  readonly [field: string]: string | number | null;
}

async function auditLines(vault: TestVault): Promise<AuditLine[]> {
  const text = await Deno.readTextFile(join(vault.dir, "logs/audit.log"));
  return text.trimEnd().split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

Deno.test("a vault over TLS", async (t) => {
  await using vault = await TestVault.start();
  const admin = await vault.issueToken("alice"), member = await vault.issueToken("bob", "member");
  using client = new VaultClient(`localhost:${vault.port}`, vault.ca);
  const golden = new TextDecoder().decode(goldenBlob("one-shard-100"));

  for (const name of GOLDEN_NAMES) {
    await t.step(`decrypts the golden blob ${name} in order, to one ulp`, async () => {
      const blob = new TextDecoder().decode(goldenBlob(name)), { top50 } = goldenExpected(name);
      const { results, error } = await client.decryptScores({ token: admin, encrypted_blob_b64: blob, top_k: 50 });
      assert.equal(error, "");
      assert.equal(results.length, top50.length);
      results.forEach(({ shard_idx, row_idx, score }, i) => {
        assert.deepEqual([shard_idx, row_idx], top50[i].slice(0, 2));
        assert.ok(withinOneUlp(score, top50[i][2]));
      });
    });
  }

  await t.step("hands out the key bundle, files verbatim, in the original's order and spacing", async () => {
    const { key_bundle_json, error } = await client.getPublicKey({ token: admin });
    assert.equal(error, "");
    const bundle = JSON.parse(key_bundle_json), agentId = createHash("sha256").update(admin).digest("hex").slice(0, 32);
    for (const file of ["EncKey.json", "EvalKey.json"]) {
      assert.equal(bundle[file], await Deno.readTextFile(join(vault.dir, "vault-keys/vault-key", file)));
    }
    assert.deepEqual(Object.keys(bundle), [
      "EncKey.json",
      "EvalKey.json",
      "index_name",
      "key_id",
      "agent_id",
      "agent_dek",
      "envector_endpoint",
      "envector_api_key",
    ]);
    const { index_name, key_id, agent_id, agent_dek } = bundle;
    assert.deepEqual({ index_name, key_id, agent_id }, {
      index_name: "team-index",
      key_id: "vault-key",
      agent_id: agentId,
    });
    assert.equal(Uint8Array.fromBase64(agent_dek).length, 32);
    assert.ok(key_bundle_json.endsWith(`", "envector_endpoint": null, "envector_api_key": null}`));
  });

  await t.step("shows a replaced key file without a restart and leaves a removed one out", async () => {
    const path = join(vault.dir, "vault-keys/vault-key/EvalKey.json");
    await Deno.writeTextFile(`${path}.new`, "replaced");
    await Deno.rename(`${path}.new`, path);
    const bundle = async () => JSON.parse((await client.getPublicKey({ token: admin })).key_bundle_json);
    assert.equal((await bundle())["EvalKey.json"], "replaced");
    await Deno.remove(path);
    assert.equal("EvalKey.json" in await bundle(), false);
  });

  await t.step("decrypts metadata of any agent, all or nothing", async () => {
    const decrypt = (...items: string[]) => client.decryptMetadata({ token: member, encrypted_metadata_list: items });
    assert.deepEqual(await decrypt(HELLO, HELLO), { decrypted_metadata: ["hello world", "hello world"], error: "" });
    assert.deepEqual(await decrypt(HELLO, "not-json"), {
      decrypted_metadata: [],
      error: "Metadata decryption failed: Expecting value: line 1 column 1 (char 0)",
    });
  });

  for (
    const { name, blob, error } of [
      { name: "bad base64", blob: "not-valid-base64!!!", error: "Incorrect padding" },
      {
        name: "no message",
        blob: "//////8=",
        error: "Deserialization failed: Error parsing message with type 'ES2.CiphertextScore'",
      },
      { name: "text that is not ASCII", blob: "ä", error: "string argument should contain only ASCII characters" },
    ]
  ) {
    await t.step(`answers ${name} with OK and an error`, async () => {
      const response = await client.decryptScores({ token: admin, encrypted_blob_b64: blob, top_k: 1 });
      assert.deepEqual(response, { results: [], error });
    });
  }

  const request = { token: member, encrypted_blob_b64: golden, top_k: 5 };
  for (
    const { name, change, want } of [
      { name: "an unknown token", change: { token: `evt_${"0".repeat(32)}` }, want: INVALID_TOKEN },
      { name: "a token in upper case", change: { token: member.toUpperCase() }, want: INVALID_TOKEN },
      {
        name: "a short token",
        change: { token: "evt_short" },
        want: { code: "INVALID_ARGUMENT", details: "token: must be at least 36 characters" },
      },
      {
        name: "a token with NUL",
        change: { token: member.replace("e", "\0") },
        want: { code: "INVALID_ARGUMENT", details: "token: must not contain control characters" },
      },
      {
        name: "top_k above the role's limit",
        change: { top_k: 15 },
        want: { code: "INVALID_ARGUMENT", details: "top_k 15 exceeds limit 10 for role 'member'" },
      },
    ]
  ) {
    await t.step(`refuses ${name}`, async () => {
      assert.deepEqual(await refusalOf(client.decryptScores({ ...request, ...change })), want);
    });
  }

  await t.step("a changed role holds for the very next call", async () => {
    const update = (...args: string[]) => vault.cli("role", "update", "--name", "member", ...args);
    assert.equal((await update("--scope", "get_public_key")).code, 0);
    assert.deepEqual(await refusalOf(client.decryptScores(request)), {
      code: "PERMISSION_DENIED",
      details: "Method 'decrypt_scores' not permitted for role 'member'",
    });
    await update("--scope", "decrypt_scores", "--rate-limit", "2/60s");
    await client.decryptScores(request);
    await client.decryptScores(request);
    const refusal = await refusalOf(client.decryptScores(request));
    assert.equal(refusal.code, "RESOURCE_EXHAUSTED");
    assert.match(refusal.details, /^Rate limit exceeded\. Retry after (59|60|5\d)s$/);
  });

  await t.step("a rotated and a revoked token are dead at once", async () => {
    const rotated = await vault.cli("token", "rotate", "--user", "bob");
    assert.deepEqual(await refusalOf(client.decryptScores(request)), INVALID_TOKEN);
    const token = /Token: (\S+)/.exec(rotated.stdout)![1];
    assert.equal((await client.decryptScores({ ...request, token })).error, "");
    await vault.cli("token", "revoke", "--user", "bob");
    assert.deepEqual(await refusalOf(client.decryptScores({ ...request, token })), INVALID_TOKEN);
  });

  await t.step("wrote one audit line for every call that reached authentication", async () => {
    const lines = await auditLines(vault);
    assert.deepEqual(
      lines.map(({ user_id, method, top_k, result_count, status, error }) =>
        [user_id, method, top_k, result_count, status, error].join(" ").trimEnd()
      ),
      [
        ...GOLDEN_NAMES.map((name) => `alice decrypt_scores 50 ${goldenExpected(name).top50.length} success`),
        ...Array(3).fill("alice get_public_key  1 success"),
        "bob decrypt_metadata  2 success",
        "bob decrypt_metadata  0 error Metadata decryption failed: Expecting value: line 1 column 1 (char 0)",
        "alice decrypt_scores 1 0 error Incorrect padding",
        "alice decrypt_scores 1 0 error Deserialization failed: Error parsing message with type 'ES2.CiphertextScore'",
        "alice decrypt_scores 1 0 error string argument should contain only ASCII characters",
        "unknown decrypt_scores 5 0 denied Invalid authentication token",
        "unknown decrypt_scores 5 0 denied Invalid authentication token",
        "bob decrypt_scores 15 0 denied top_k 15 exceeds limit 10 for role 'member'",
        "bob decrypt_scores 5 0 denied Method 'decrypt_scores' not permitted for role 'member'",
        "bob decrypt_scores 5 5 success",
        "bob decrypt_scores 5 5 success",
        `bob decrypt_scores 5 0 denied ${lines.at(-4)!.error}`,
        "unknown decrypt_scores 5 0 denied Invalid authentication token",
        "bob decrypt_scores 5 5 success",
        "unknown decrypt_scores 5 0 denied Invalid authentication token",
      ],
    );
    for (const { source_ip, latency_ms, timestamp } of lines) {
      assert.equal(source_ip, "127.0.0.1");
      assert.equal(typeof latency_ms, "number");
      assert.match(String(timestamp), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00$/);
    }
  });

  await t.step("never wrote a token or the team secret to its log", () => {
    for (const secret of [admin, member, "test-team-secret-32-bytes-please"]) {
      assert.equal(vault.stderr.includes(secret), false);
    }
    assert.match(vault.stderr, /WARN {2}decrypt_scores: refused: token: must be at least 36 characters/);
  });
});

Deno.test("a vault without a team secret fails closed", async () => {
  await using vault = await TestVault.start({
    sections: { tokens: "tokens: {roles_file: configs/roles.yml, tokens_file: configs/tokens.yml}" },
  });
  const token = await vault.issueToken("alice");
  using client = new VaultClient(`localhost:${vault.port}`, vault.ca);
  assert.deepEqual(await refusalOf(client.getPublicKey({ token })), {
    code: "INTERNAL",
    details: "team secret not configured",
  });
  assert.deepEqual(await client.decryptMetadata({ token, encrypted_metadata_list: [HELLO] }), {
    decrypted_metadata: [],
    error: "VAULT_TEAM_SECRET not configured",
  });
});

Deno.test("a vault in clear text, with keys of its own, says so and tells its cloud endpoint", async () => {
  await using vault = await TestVault.start({
    goldenKeys: false,
    tls: false,
    sections: { envector: "envector: {endpoint: cloud.example, api_key: key-123}" },
  });
  assert.match(vault.stderr, /TLS DISABLED — gRPC traffic is unencrypted\. Do not use in production\./);
  assert.match(vault.stderr, /generating FHE keys/);
  const token = await vault.issueToken("alice");
  using client = new VaultClient(`127.0.0.1:${vault.port}`);
  const bundle = JSON.parse((await client.getPublicKey({ token })).key_bundle_json);
  assert.deepEqual([bundle.envector_endpoint, bundle.envector_api_key], ["cloud.example", "key-123"]);
  assert.ok(bundle["EvalKey.json"].length > 5_000_000);
  const { readKeyEnvelope } = await import("#domain/fhe/mod.ts");
  const encKey = readKeyEnvelope("EncKey", "EncKey.json", new TextEncoder().encode(bundle["EncKey.json"]));
  const blob = new ScoreEncryptor(encKey).blob([[0.25, 0.75, 0.5]], [9]);
  const { results } = await client.decryptScores({ token, encrypted_blob_b64: blob, top_k: 2 });
  assert.deepEqual(results.map(({ shard_idx, row_idx }) => [shard_idx, row_idx]), [[9, 1], [9, 2]]);
  results.forEach(({ score }, i) => assert.ok(Math.abs(score - [0.75, 0.5][i]) < 2 ** -30));
});

Deno.test("calls are refused while the audit log cannot be written, and served again after", async () => {
  await using vault = await TestVault.start();
  const token = await vault.issueToken("alice");
  using client = new VaultClient(`localhost:${vault.port}`, vault.ca);
  const path = join(vault.dir, "logs/audit.log"), request = { token, encrypted_metadata_list: [HELLO] };
  await client.decryptMetadata(request);
  await Deno.remove(path);
  await Deno.mkdir(path);
  assert.deepEqual(await refusalOf(client.decryptMetadata(request)), {
    code: "INTERNAL",
    details: "audit unavailable",
  });
  await Deno.remove(path);
  assert.equal((await client.decryptMetadata(request)).error, "");
  assert.equal((await auditLines(vault)).length, 1);
});
