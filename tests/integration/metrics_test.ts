import assert from "node:assert/strict";
import { join } from "node:path";
import { AdminApi } from "../support/admin_api.ts";
import { goldenBlob } from "../support/paths.ts";
import { ScrapedPage } from "../support/scraped_page.ts";
import { TestVault } from "../support/test_vault.ts";
import { refusalOf, VaultClient } from "../support/vault_client.ts";

const HELLO = JSON.stringify({ a: "abc123def456", c: "OhawM+14dWV/2KJwL0Ud3pqJpP6Mr7XVfCsM" });
const GUESS = "evt_0123456789abcdef0123456789abcdef";
const BLOB = new TextDecoder().decode(goldenBlob("three-shards"));

/** A configuration's server section with these keys of `http`. */
function httpSection(vault: TestVault, http: string): Promise<void> {
  const text = Deno.readTextFileSync(vault.config);
  return Deno.writeTextFile(vault.config, text.replace("server: {", `server: {http: {${http}}, `));
}

async function startWith(http: string): Promise<TestVault> {
  const vault = await TestVault.create();
  await httpSection(vault, http);
  await vault.start();
  return vault;
}

Deno.test("a sealed daemon counts exactly what was done, by method, code and reason", async () => {
  await using vault = await TestVault.start();
  const api = new AdminApi(vault.socket), token = await api.issue("alice");
  await api.send("POST", "/roles", { name: "one", scope: ["get_public_key"], top_k: 1, rate_limit: "1/60s" });
  const limited = await api.issue("bob", "one"), late = await api.issue("carol", "member", -1);
  using client = new VaultClient(`localhost:${vault.port}`, vault.ca);
  const scores = (top_k: number, of = token) => client.decryptScores({ token: of, encrypted_blob_b64: BLOB, top_k });
  for (let i = 0; i < 3; i++) await scores(5);
  assert.notEqual((await client.decryptScores({ token, encrypted_blob_b64: "AAAA", top_k: 1 })).error, "");
  await client.decryptMetadata({ token, encrypted_metadata_list: [HELLO, HELLO] });
  await client.getPublicKey({ token });
  await refusalOf(scores(1, GUESS)), await refusalOf(scores(1, late)), await refusalOf(scores(1, limited));
  await refusalOf(scores(1, limited)), await refusalOf(scores(51)), await refusalOf(scores(301));
  await Deno.remove(join(vault.dir, "logs/audit.log"));
  await Deno.mkdir(join(vault.dir, "logs/audit.log"));
  assert.equal((await refusalOf(scores(1))).details, "audit unavailable");

  const page = await ScrapedPage.of(vault);
  const expected: Record<string, number> = {
    'vault_grpc_requests_total{method="DecryptScores",code="OK"}': 4,
    'vault_grpc_requests_total{method="DecryptScores",code="UNAUTHENTICATED"}': 2,
    'vault_grpc_requests_total{method="DecryptScores",code="PERMISSION_DENIED"}': 1,
    'vault_grpc_requests_total{method="DecryptScores",code="RESOURCE_EXHAUSTED"}': 1,
    'vault_grpc_requests_total{method="DecryptScores",code="INVALID_ARGUMENT"}': 2,
    'vault_grpc_requests_total{method="DecryptScores",code="INTERNAL"}': 1,
    'vault_grpc_requests_total{method="DecryptMetadata",code="OK"}': 1,
    'vault_grpc_requests_total{method="GetPublicKey",code="OK"}': 1,
    'vault_payload_errors_total{method="DecryptScores"}': 1,
    vault_decryption_requests_total: 12,
    vault_decryption_errors_total: 2,
    vault_decryption_latency_seconds_count: 6,
    vault_decrypted_ciphertexts_total: 12,
    vault_decrypted_rows_total: 4 * rowsOf("three-shards"),
    vault_decrypted_envelopes_total: 2,
    vault_auth_attempts_total: 12,
    'vault_auth_failures_total{reason="unknown"}': 1,
    'vault_auth_failures_total{reason="expired"}': 1,
    'vault_auth_failures_total{reason="scope"}': 1,
    vault_rate_limit_refusals_total: 1,
    vault_audit_failures_total: 1,
    'vault_tokens{role="admin",state="valid"}': 1,
    'vault_tokens{role="member",state="expired"}': 1,
    'vault_cloud_state{state="offline"}': 1,
    vault_native_queue_depth: 0,
    vault_token_soonest_expiry_timestamp_seconds: Infinity,
  };
  for (const [series, value] of Object.entries(expected)) assert.equal(page.value(series), value, series);
  for (const figure of ["vault_memory_usage_bytes", "vault_uptime_seconds", "process_cpu_seconds_total"]) {
    assert.ok(page.value(figure)! > 0, figure);
  }
  const again = await ScrapedPage.of(vault);
  assert.equal(again.value('vault_http_requests_total{route="/metrics",status="200"}'), 1);
});

function rowsOf(name: string): number {
  const { scores } = JSON.parse(
    Deno.readTextFileSync(new URL(`../vectors/fhe/${name}.expected.json`, import.meta.url)),
  );
  return scores.flat().length;
}

Deno.test("no caller can make a series, and users are named only where told to", async () => {
  await using vault = await startWith("user_label: true");
  const token = await new AdminApi(vault.socket).issue("alice");
  using client = new VaultClient(`localhost:${vault.port}`, vault.ca);
  await client.decryptMetadata({ token, encrypted_metadata_list: [HELLO] });
  await ScrapedPage.fetch(vault, "/");
  const before = (await ScrapedPage.of(vault)).series.length;
  for (let i = 0; i < 20; i++) {
    await refusalOf(
      client.decryptScores({ token: `${GUESS.slice(0, 30)}${100000 + i}`, encrypted_blob_b64: "", top_k: i }),
    );
    const { status } = await ScrapedPage.fetch(vault, `/guess${i}?q=${i}`);
    assert.equal(status, 404);
  }
  const page = await ScrapedPage.of(vault);
  assert.equal(page.value('vault_decryption_requests_total{user="alice"}'), 1);
  assert.equal(page.value('vault_decryption_requests_total{user="unknown"}'), 20);
  assert.equal(page.value('vault_http_requests_total{route="other",status="404"}'), 21);
  // The first unknown caller brings one, the first page another.
  assert.ok(page.series.length <= before + 2, `${page.series.length} series, ${before} before`);
});

Deno.test("/metrics wants a token with the scope, or an allowed address", async () => {
  await using vault = await startWith('metrics_allow: ["192.0.2.0/24"]');
  const api = new AdminApi(vault.socket);
  await api.send("POST", "/roles", { name: "watcher", scope: ["metrics"], top_k: 1, rate_limit: "2/60s" });
  const watcher = await api.issue("prometheus", "watcher"), alice = await api.issue("alice");
  const status = async (authorization = "") =>
    (await ScrapedPage.fetch(vault, "/metrics", authorization === "" ? {} : { authorization })).status;
  assert.equal(await status(), 401);
  assert.equal(await status(`Bearer ${GUESS}`), 401);
  assert.equal(await status(`Bearer ${alice}`), 403);
  assert.deepEqual([await status(`Bearer ${watcher}`), await status(`Bearer ${watcher}`)], [200, 200]);
  assert.equal(await status(`Bearer ${watcher}`), 429);
  assert.equal(vault.stderr.includes(GUESS), false);
});

Deno.test("a block of addresses that is none stops the start and is named with its key", async () => {
  await using vault = await TestVault.create();
  await httpSection(vault, "metrics_allow: [10.0.0.7/8]");
  const { code, stderr } = await vault.cli("daemon", "start");
  assert.equal(code, 1);
  assert.match(stderr, /config invalid: server\.http\.metrics_allow: "10\.0\.0\.7\/8" has bits set after its prefix/);
});
