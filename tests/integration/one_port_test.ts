import assert from "node:assert/strict";
import { join } from "node:path";
import { run, TestVault } from "../support/test_vault.ts";
import { refusalOf, VaultClient } from "../support/vault_client.ts";

const ROUNDS = 30;
const hasCurl = await run("curl", ["--version"]).then(() => true, () => false);

Deno.test({
  name: "curl, a browser-like client and gRPC share the port at the same time",
  ignore: !hasCurl,
  fn: async () => {
    await using vault = await TestVault.start();
    const token = await vault.issueToken("alice"), url = `https://localhost:${vault.port}/health`;
    await vault.cli("role", "update", "--name", "admin", "--rate-limit", "1000000/60s");
    using rpc = new VaultClient(`localhost:${vault.port}`, vault.ca);
    using browser = Deno.createHttpClient({ caCerts: [vault.ca] }); // offers h2 and http/1.1
    const large = "A".repeat(10 << 20);
    await Promise.all([
      times(async () => assert.equal((await rpc.getPublicKey({ token })).error, "")),
      times(async () => assert.equal((await (await fetch(url, { client: browser })).json()).fhe_keys_loaded, true)),
      times(async () => {
        const { stdout } = await run("curl", ["-sS", "--cacert", join(vault.dir, "certs/ca.pem"), url]);
        assert.equal(JSON.parse(stdout).status, "healthy");
      }),
      times(async () => {
        const { error } = await rpc.decryptScores({ token, encrypted_blob_b64: large, top_k: 1 });
        assert.match(error, /Deserialization failed/);
      }, 3),
    ]);
  },
});

Deno.test("server.http.enable: false leaves gRPC alone on the port", async () => {
  await using vault = await TestVault.create();
  const text = await Deno.readTextFile(vault.config);
  await Deno.writeTextFile(vault.config, text.replace("server: {", "server: {http: {enable: false}, "));
  await vault.start();
  using rpc = new VaultClient(`localhost:${vault.port}`, vault.ca);
  assert.equal((await refusalOf(rpc.getPublicKey({ token: "evt_".padEnd(36, "0") }))).code, "UNAUTHENTICATED");
  using client = Deno.createHttpClient({ caCerts: [vault.ca], http2: false });
  await assert.rejects(fetch(`https://localhost:${vault.port}/health`, { client }));
});

async function times(call: () => Promise<void>, rounds = ROUNDS): Promise<void> {
  for (let i = 0; i < rounds; i++) await call();
}
