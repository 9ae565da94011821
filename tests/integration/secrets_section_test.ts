import assert from "node:assert/strict";
import { join } from "node:path";
import { TempDir } from "#config/testing.ts";
import { launchCli } from "../cli/run_cli.ts";
import { TestVault } from "../support/test_vault.ts";

Deno.test("a daemon with a secrets section keeps its store's folder and the policies, not the master key", async () => {
  const kms = "kms: {master_key_file: secrets/master_key}";
  await using vault = await TestVault.create({ sections: { secrets: `secrets: {allowed_ips: ['::1'], ${kms}}` } });
  await Deno.mkdir(join(vault.dir, "secrets"));
  const key = crypto.getRandomValues(new Uint8Array(32)).toBase64();
  await Deno.writeTextFile(join(vault.dir, "secrets/master_key"), key, { mode: 0o600 });
  await vault.start();
  const { code, stdout } = await vault.cli("status", "--json");
  assert.equal(code, 0, stdout);
  const { permissions } = JSON.parse(stdout);
  const store = join(vault.dir, "secrets-store"), base = vault.keptPermissions;
  assert.deepEqual(permissions.read, [...base.read, store, join(vault.dir, "configs/policies.yml")]);
  assert.deepEqual(permissions.write, [...base.write, store]);
  assert.deepEqual(permissions.net, []);
  assert.equal((await vault.stop()).code, 0, vault.stderr);
  assert.equal(vault.stderr.includes(key), false);
});

for (
  const { section, want } of [
    {
      section: "secrets: {}",
      want:
        "secrets.kms.master_key_file is required (or master_key, or mode aws with key_id and region): there is no " +
        "secrets engine without a key-encryption key",
    },
    {
      section: "secrets: {kms: {mode: aws, region: eu-central-1}}",
      want: "secrets.kms.key_id is required with secrets.kms.mode aws",
    },
    {
      section: "secrets: {database: configs/s.db, kms: {master_key: a}}",
      want: "secrets.database must lie in a folder of its own: DIR/configs also has DIR/configs/runevault.conf",
    },
  ]
) {
  Deno.test(`runevault daemon start refuses ${section}`, async () => {
    using dir = new TempDir();
    const config = dir.write(
      "configs/runevault.conf",
      `server: {grpc: {tls: {disable: true}}}\nkeys: {path: k, embedding_dim: 1024}\n` +
        `tokens: {roles_file: configs/roles.yml, tokens_file: configs/tokens.yml}\n${section}\n`,
    );
    const { code, stderr } = await launchCli("daemon", "start", "--config", config);
    assert.equal(code, 1);
    assert.equal(stderr, `Error: config invalid:\n  - ${want.replaceAll("DIR", dir.path)}\n`);
  });
}
