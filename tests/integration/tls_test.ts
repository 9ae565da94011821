import assert from "node:assert/strict";
import { connect as connectHttp2 } from "node:http2";
import { join } from "node:path";
import { testCertificates } from "../support/certificates.ts";
import { run, TestVault } from "../support/test_vault.ts";
import { VaultClient } from "../support/vault_client.ts";

const hasOpenssl = await run("openssl", ["version"]).then(() => true, () => false);

async function handshake(vault: TestVault, ...options: string[]): Promise<string> {
  const { stdout, stderr } = await run(
    "openssl",
    ["s_client", "-connect", `localhost:${vault.port}`, ...options],
    "R\n",
  );
  return stdout + stderr;
}

Deno.test({
  name: "the port refuses old TLS, suites without AEAD and renegotiation",
  ignore: !hasOpenssl,
  fn: async () => {
    await using vault = await TestVault.start();
    for (const version of ["-tls1", "-tls1_1"]) {
      assert.match(await handshake(vault, version, "-cipher", "ALL:@SECLEVEL=0"), /Cipher is \(NONE\)/, version);
    }
    for (const suite of ["ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA", "AES128-GCM-SHA256", "AES256-SHA"]) {
      assert.match(await handshake(vault, "-tls1_2", "-cipher", suite), /Cipher is \(NONE\)/, suite);
    }
    const strong = await handshake(vault, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256");
    assert.match(strong, /Cipher is ECDHE-ECDSA-AES128-GCM-SHA256/);
    assert.match(strong, /RENEGOTIATING[^]*no renegotiation/);
    assert.match(await handshake(vault, "-tls1_3"), /New, TLSv1\.3/);
  },
});

Deno.test("SIGHUP brings a new certificate; open connections go on, and a bad pair changes nothing", async () => {
  await using vault = await TestVault.start();
  const token = await vault.issueToken("alice");
  const session = connectHttp2(`https://localhost:${vault.port}`, { ca: vault.ca });
  const closed = { yes: false };
  session.on("close", () => closed.yes = true).on("error", () => closed.yes = true);
  using old = new VaultClient(`localhost:${vault.port}`, vault.ca);
  await old.getPublicKey({ token });
  const next = await testCertificates();
  const path = (name: string) => join(vault.dir, "certs", name);
  await Deno.writeTextFile(path("server.pem"), next.cert);
  Deno.kill(vault.pid, "SIGHUP");
  await vault.says("not reloaded: certificate: server: tls: ");
  assert.match(vault.stderr, /server\.key is not the key of the certificate/);
  using same = new VaultClient(`localhost:${vault.port}`, vault.ca);
  assert.equal((await same.getPublicKey({ token })).error, "");
  await Deno.writeTextFile(path("server.key"), next.key);
  Deno.kill(vault.pid, "SIGHUP");
  await vault.says("INFO  reloaded: certificate");
  using renewed = Deno.createHttpClient({ caCerts: [next.ca] });
  const answer = await fetch(`https://localhost:${vault.port}/health`, { client: renewed });
  assert.equal((await answer.json()).status, "healthy");
  assert.equal((await old.getPublicKey({ token })).error, "");
  assert.equal(closed.yes, false);
  session.destroy();
});
