import assert from "node:assert/strict";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { type Config, tracingEnvironment } from "#config/mod.ts";
import { AdminApi } from "../support/admin_api.ts";
import { OtlpCollector } from "../support/otlp_collector.ts";
import { goldenBlob } from "../support/paths.ts";
import { methodPath, RawGrpc } from "../support/raw_grpc.ts";
import { ScrapedPage } from "../support/scraped_page.ts";
import { permissionFlags, run, TestVault } from "../support/test_vault.ts";
import { refusalOf, VaultClient } from "../support/vault_client.ts";

const HELLO = JSON.stringify({ a: "abc123def456", c: "OhawM+14dWV/2KJwL0Ud3pqJpP6Mr7XVfCsM" });
const SERVICE = "rune.vault.v1.VaultService";
const TRACE = "0af7651916cd43dd8448eb211c80319c", PARENT = "b7ad6b7169203331";
/** JSON, so that the collector can read it, and no waiting for a full batch. */
const QUICK_JSON = { OTEL_EXPORTER_OTLP_PROTOCOL: "http/json", OTEL_BSP_SCHEDULE_DELAY: "50" };

const tracedTo = (endpoint: string) => ({ tracing: `tracing: {endpoint: "${endpoint}"}` });
const keyRequest = (token: string) => new BinaryWriter().tag(1, WireType.LengthDelimited).string(token).finish();

Deno.test("a sealed daemon sends a span for each call, and nothing else of what it serves", async () => {
  await using collector = new OtlpCollector();
  await using vault = await TestVault.start({ sections: tracedTo(collector.endpoint), env: QUICK_JSON });
  const api = new AdminApi(vault.socket), token = await api.issue("canary-user");
  using client = new VaultClient(`localhost:${vault.port}`, vault.ca);
  const blob = new TextDecoder().decode(goldenBlob("one-row"));
  const { key_bundle_json } = await client.getPublicKey({ token });
  assert.equal((await client.decryptScores({ token, encrypted_blob_b64: blob, top_k: 1 })).error, "");
  await client.decryptMetadata({ token, encrypted_metadata_list: [HELLO, HELLO] });
  assert.notEqual((await client.decryptMetadata({ token, encrypted_metadata_list: ["{}"] })).error, "");
  await refusalOf(client.getPublicKey({ token: "evt_0123456789abcdef0123456789abcdef" }));
  await using raw = new RawGrpc(vault);
  const traceparent = (flags: string) => ({ traceparent: `00-${TRACE}-${PARENT}-${flags}` });
  await raw.call(methodPath("GetPublicKey"), keyRequest(token), traceparent("00"));
  await raw.call(methodPath("canary-method"), keyRequest(token), traceparent("01"));
  await raw.call(methodPath("GetPublicKey"), keyRequest(token), traceparent("01"));
  await ScrapedPage.fetch(vault, "/canary-path?q=canary", { authorization: `Bearer ${token}`, ...traceparent("01") });
  const rotated = (await api.send("POST", "/tokens/canary-user/rotate")).body.token;
  await collector.received(6);
  assert.equal((await vault.stop()).code, 0, vault.stderr);

  const ended = collector.spans.map(({ name, attributes }) => [
    name.slice(SERVICE.length + 1),
    attributes["rpc.response.status_code"],
    attributes["vault.result_count"],
    attributes["vault.payload_fault"],
  ]);
  assert.deepEqual(ended, [
    ["GetPublicKey", "OK", 1, false],
    ["DecryptScores", "OK", 1, false],
    ["DecryptMetadata", "OK", 2, false],
    ["DecryptMetadata", "OK", 0, true],
    ["GetPublicKey", "UNAUTHENTICATED", 0, false],
    ["GetPublicKey", "OK", 1, false],
  ]);
  for (const { scope, kind, attributes, traceId, status } of collector.spans) {
    assert.deepEqual([scope, kind, status, traceId.length], ["runevault", 2, 0, 32]);
    assert.deepEqual(Object.keys(attributes).sort(), [
      "rpc.method",
      "rpc.response.status_code",
      "rpc.system.name",
      "vault.payload_fault",
      "vault.result_count",
    ]);
  }
  const [{ traceId, parentSpanId }] = collector.spans.slice(-1);
  assert.deepEqual([traceId, parentSpanId], [TRACE, PARENT], "the caller's trace goes on");
  assert.deepEqual([[...new Set(collector.paths)], [...collector.services]], [["/v1/traces"], ["runevault"]]);
  const everything = collector.bodies.join("\n");
  const { agent_id, agent_dek } = JSON.parse(key_bundle_json);
  for (const secret of [token, rotated, "canary", "hello", "abc123def456", agent_id, agent_dek, blob.slice(0, 40)]) {
    assert.equal(everything.includes(secret), false, secret);
  }
});

Deno.test("a collector that is not there keeps no call and no stop waiting", async () => {
  const nobody = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const endpoint = `http://127.0.0.1:${nobody.addr.port}`;
  nobody.close();
  await using vault = await TestVault.start({ sections: tracedTo(endpoint), env: QUICK_JSON });
  const token = await new AdminApi(vault.socket).issue("alice");
  using client = new VaultClient(`localhost:${vault.port}`, vault.ca);
  for (let i = 0; i < 20; i++) await client.decryptMetadata({ token, encrypted_metadata_list: [HELLO] });
  assert.equal((await vault.stop()).code, 0, vault.stderr);
});

Deno.test("without tracing.endpoint nothing is sent, whatever the environment says", async () => {
  await using collector = new OtlpCollector();
  const env = { ...QUICK_JSON, OTEL_DENO: "true", OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint };
  await using vault = await TestVault.start({ env });
  const token = await new AdminApi(vault.socket).issue("alice");
  using client = new VaultClient(`localhost:${vault.port}`, vault.ca);
  await client.decryptMetadata({ token, encrypted_metadata_list: [HELLO] });
  assert.equal((await vault.stop()).code, 0);
  assert.deepEqual(collector.paths, []);
});

Deno.test("a daemon that was started without the tracing environment says so and does not serve", async () => {
  await using vault = await TestVault.create({ sections: tracedTo("http://127.0.0.1:4318") });
  const main = new URL("../../src/main.ts", import.meta.url).pathname;
  const start = ["run", "-A", "--quiet", main, "--config", vault.config, "daemon", "start"];
  const { code, stderr } = await run(Deno.execPath(), start);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /tracing\.endpoint is set, but not in the environment: OTEL_DENO, .*; start the daemon with its launcher/,
  );
});

Deno.test("the daemon reads each variable that tracing lets it read, and none once it serves", async () => {
  const log = await Deno.makeTempFile(), endpoint = "http://127.0.0.1:9";
  try {
    const environment = tracingEnvironment({ tracing: { endpoint } } as Config);
    const env = { ...environment, DENO_AUDIT_PERMISSIONS: log };
    await using vault = await TestVault.start({ sections: tracedTo(endpoint), keepFlags: true, env });
    const flags = await permissionFlags(["--config", vault.config, "daemon", "start"]);
    const granted = flags.join(",").match(/OTEL_\w+/g);
    assert.deepEqual(granted, Object.keys(environment));
    const used = await Deno.readTextFile(log);
    for (const name of granted) assert.ok(used.includes(`"value":"${name}"`), `${name} is never read`);
    const { body } = await new AdminApi(vault.socket).send("GET", "/status");
    assert.deepEqual(body.permissions.env, []);
  } finally {
    await Deno.remove(log);
  }
});

Deno.test("runevault permissions shows what tracing needs, and only where it is on", async () => {
  await using traced = await TestVault.create({ sections: tracedTo("https://collector.example:4318") });
  const { stdout } = await traced.cli("permissions");
  assert.match(
    stdout,
    /--allow-env=OTEL_EXPORTER_OTLP_ENDPOINT\n +checks where Deno itself sends spans .*no permission/,
  );
  assert.match(stdout, /--allow-env=OTEL_TRACES_SAMPLER\n.*given up once it serves/);
  await using plain = await TestVault.create();
  assert.equal((await plain.cli("permissions")).stdout.includes("OTEL"), false);
});
