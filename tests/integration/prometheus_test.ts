import assert from "node:assert/strict";
import { parse } from "yaml";
import { AdminApi } from "../support/admin_api.ts";
import { ALERT_CASES, ALERTS, dashboardQueries, selectedNames, vaultNames } from "../support/monitoring.ts";
import { goldenBlob } from "../support/paths.ts";
import { HAS_PROMETHEUS, Prometheus } from "../support/prometheus.ts";
import { ScrapedPage } from "../support/scraped_page.ts";
import { run, TestVault } from "../support/test_vault.ts";
import { refusalOf, VaultClient } from "../support/vault_client.ts";

const BLOB = new TextDecoder().decode(goldenBlob("one-row"));
const GUESS = "evt_0123456789abcdef0123456789abcdef";

Deno.test({
  name: "a Prometheus that scrapes a daemon over TLS knows exactly what was done, and answers every dashboard query",
  ignore: !HAS_PROMETHEUS,
  async fn() {
    await using vault = await TestVault.create();
    const config = await Deno.readTextFile(vault.config);
    await Deno.writeTextFile(vault.config, config.replace("server: {", "server: {http: {metrics_allow: []}, "));
    await vault.start();
    const api = new AdminApi(vault.socket), token = await api.issue("alice");
    const watcher = { name: "watcher", scope: ["metrics"], top_k: 1, rate_limit: "10000/60s" };
    assert.equal((await api.send("POST", "/roles", watcher)).status, 201);
    const target = `localhost:${vault.port}`, watcherToken = await api.issue("prometheus", "watcher");
    await using prometheus = await Prometheus.start({ target, ca: vault.ca, token: watcherToken });
    using client = new VaultClient(target, vault.ca);
    const up = await prometheus.eventually("up", ([sample]) => sample?.value === 1);
    assert.deepEqual(up.map(({ value }) => value), [1]);
    for (let i = 0; i < 25; i++) await client.decryptScores({ token, encrypted_blob_b64: BLOB, top_k: 1 });
    for (let i = 0; i < 3; i++) {
      await refusalOf(client.decryptScores({ token: GUESS, encrypted_blob_b64: BLOB, top_k: 1 }));
    }
    for (
      const { query, want } of [
        { query: 'vault_grpc_requests_total{method="DecryptScores",code="OK"}', want: 25 },
        { query: 'vault_grpc_requests_total{method="DecryptScores",code="UNAUTHENTICATED"}', want: 3 },
        { query: "vault_decryption_requests_total", want: 28 },
        { query: "vault_decryption_latency_seconds_count", want: 25 },
        { query: 'vault_auth_failures_total{reason="unknown"}', want: 3 },
        { query: "vault_decrypted_ciphertexts_total", want: 25 },
      ]
    ) {
      const samples = await prometheus.eventually(query, ([sample]) => sample?.value >= want);
      assert.deepEqual(samples.map(({ value }) => value), [want], query);
    }
    const quantile = "histogram_quantile(0.95, sum by (le) (rate(vault_decryption_latency_seconds_bucket[1m])))";
    const [p95] = await prometheus.eventually(quantile, ([sample]) => sample?.value > 0);
    assert.ok(p95.value > 0 && p95.value <= 10, `${p95.value} s`);
    for (const { panel, expression } of dashboardQueries()) {
      await assert.doesNotReject(prometheus.query(expression), `${panel}: ${expression}`);
    }
  },
});

Deno.test("every query of the dashboard and every alert is about series that the daemon exports", async () => {
  await using vault = await TestVault.start();
  await ScrapedPage.of(vault); // brings the route of the metrics themselves
  const exported = new Set((await ScrapedPage.of(vault)).series.map((series) => series.split("{")[0]));
  const queries = dashboardQueries();
  assert.ok(queries.length > 20);
  for (const { panel, expression } of queries) {
    const names = selectedNames(expression);
    assert.notEqual(names.length, 0, `${panel}: ${expression}`);
    for (const name of names) assert.ok(name === "up" || exported.has(name), `${panel}: ${name}`);
  }
  const names = vaultNames(parse(Deno.readTextFileSync(ALERTS)).groups.flatMap(rulesOf).join("\n"));
  assert.ok(names.size > 10);
  for (const name of names) assert.ok(exported.has(name), name);
});

function rulesOf({ rules }: { rules: { expr: string }[] }): string[] {
  return rules.map(({ expr }) => expr);
}

Deno.test({
  name: "promtool finds nothing wrong with the daemon's metrics",
  ignore: !HAS_PROMETHEUS,
  async fn() {
    await using vault = await TestVault.start();
    const { text } = await ScrapedPage.of(vault);
    assert.deepEqual(await run("promtool", ["check", "metrics"], text), { code: 0, stdout: "", stderr: "" });
  },
});

Deno.test({
  name: "promtool finds nothing wrong with the alerts, and their cases pass",
  ignore: !HAS_PROMETHEUS,
  async fn() {
    for (const [command, file] of [["check", ALERTS], ["test", ALERT_CASES]]) {
      const { code, stdout, stderr } = await run("promtool", [command, "rules", file]);
      assert.equal(code, 0, stdout + stderr);
    }
  },
});

Deno.test("every alert has a case in which it fires and one in which it does not", () => {
  const { groups } = parse(Deno.readTextFileSync(ALERTS)), { tests } = parse(Deno.readTextFileSync(ALERT_CASES));
  const checks = tests.flatMap(({ promql_expr_test = [] }: { promql_expr_test?: object[] }) => promql_expr_test);
  const of = (alert: string) => checks.filter(({ expr }: { expr: string }) => expr.includes(`"${alert}"`));
  for (const { alert } of groups.flatMap(({ rules }: { rules: object[] }) => rules)) {
    const fires = of(alert).map(({ exp_samples }: { exp_samples?: object[] }) => exp_samples !== undefined);
    assert.ok(fires.includes(true) && fires.includes(false), alert);
  }
});
