import assert from "node:assert/strict";
import { join } from "node:path";
import { TestVault } from "../support/test_vault.ts";
import { refusalOf, VaultClient } from "../support/vault_client.ts";

Deno.test("log.format json gives one object a line: admin calls, refusals without the token, nothing of a body", async () => {
  await using vault = await TestVault.start({ sections: { log: "log: {format: json, level: debug}" } });
  const token = await vault.issueToken("jürgen\nINFO forged");
  await vault.cli("token", "revoke", "--user", "eve");
  using client = new VaultClient(`localhost:${vault.port}`, vault.ca);
  await refusalOf(client.getPublicKey({ token: `${token}x` }));
  await vault.stop();
  const lines = vault.stderr.trimEnd().split("\n").map((line) => JSON.parse(line));
  for (const line of lines) {
    assert.deepEqual(Object.keys(line), ["time", "level", "message"]);
    assert.match(line.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  }
  assert.deepEqual(lines.map(({ level, message }) => [level, message]), [
    ["info", `serving gRPC on 127.0.0.1:${vault.port}, admin on ${vault.socket}, HTTP beside gRPC`],
    ["warn", "ENVECTOR_ENDPOINT/ENVECTOR_API_KEY not set — offline mode, no team index."],
    ["info", "admin: POST /tokens 201"],
    ["info", "admin: DELETE /tokens/eve 404"],
    ["warn", "get_public_key: refused: token: must be at most 36 characters"],
    ["info", "SIGTERM: draining"],
    ["info", "stopped"],
  ]);
  assert.equal(vault.stderr.includes(token), false);
});

Deno.test("log.level warn keeps warnings and drops the rest", async () => {
  await using vault = await TestVault.create({ tls: false, sections: { log: "log: {level: warn}" } });
  const started = vault.cli("daemon", "start");
  while ((await vault.cli("status")).code !== 0); // it says nothing of serving
  await vault.cli("token", "list");
  await vault.cli("daemon", "stop");
  const { code, stderr } = await started;
  assert.equal(code, 0);
  const warnings = stderr.trimEnd().split("\n").map((line) => line.replace(/^\S+ /, ""));
  assert.deepEqual(warnings, [
    "WARN  TLS DISABLED — gRPC traffic is unencrypted. Do not use in production.",
    "WARN  ENVECTOR_ENDPOINT/ENVECTOR_API_KEY not set — offline mode, no team index.",
  ]);
});

Deno.test("a full run leaves no secret in any log, list, status or error", async () => {
  const apiKey = "k3y-of-the-cloud", teamSecret = "test-team-secret-32-bytes-please";
  await using vault = await TestVault.start({
    sections: { envector: `envector: {endpoint: cloud.example, api_key: ${apiKey}}`, log: "log: {level: debug}" },
  });
  using client = new VaultClient(`localhost:${vault.port}`, vault.ca);
  const first = await vault.issueToken("alice");
  const bundle = JSON.parse((await client.getPublicKey({ token: first })).key_bundle_json);
  assert.equal(bundle.envector_api_key, apiKey, "the bundle is the one place for it");
  const rotated = JSON.parse((await vault.cli("token", "rotate", "--user", "alice", "--json")).stdout).token;
  const calls = [
    client.getPublicKey({ token: first }),
    client.getPublicKey({ token: rotated.slice(1) }),
    client.decryptScores({ token: rotated, encrypted_blob_b64: "AA==", top_k: 99 }),
  ];
  const errors = JSON.stringify(await Promise.all(calls.map(refusalOf)));
  const metadata = JSON.stringify(
    await client.decryptMetadata({ token: rotated, encrypted_metadata_list: ['{"a":"x","c":"AAAA"}'] }),
  );
  const shown: string[] = [];
  for (
    const args of [
      ["token", "list"],
      ["role", "list"],
      ["status"],
      ["status", "--json"],
      ["cloud", "status"],
      ["cloud", "register"],
      ["logs", "--audit"],
      [
        "version",
      ],
    ]
  ) {
    const { stdout, stderr } = await vault.cli(...args);
    shown.push(stdout, stderr);
  }
  await vault.stop();
  const audit = await Deno.readTextFile(join(vault.dir, "logs/audit.log"));
  const secretKey = JSON.parse(await Deno.readTextFile(join(vault.dir, "vault-keys/vault-key/SecKey.json")));
  const everything = [vault.stderr, audit, errors, metadata, ...shown].join("\n");
  for (
    const [name, secret] of Object.entries({
      "the first token": first,
      "the rotated token": rotated,
      "the team secret": teamSecret,
      "the API key": apiKey,
      "the agent's key": bundle.agent_dek,
      "the agent's key in hex": Uint8Array.fromBase64(bundle.agent_dek).toHex().slice(0, 16),
      "the secret key": secretKey.entries[0].key_data.slice(0, 40),
    })
  ) assert.equal(everything.includes(secret), false, name);
});
