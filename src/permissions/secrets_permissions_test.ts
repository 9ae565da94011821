import assert from "node:assert/strict";
import { type Config, loadConfig } from "#config/mod.ts";
import { TempDir } from "#config/testing.ts";
import { explainPermissions, permissionsFor, servingPermissions, toFlags } from "./mod.ts";

const EXAMPLE = new URL("../../runevault.conf.example", import.meta.url);
const STORE = "/opt/rune-vault/secrets-store", POLICIES = "/opt/rune-vault/configs/policies.yml";

/** The example as if it lay in /opt/rune-vault/configs, with a section `secrets`. */
async function configWith(section: string): Promise<Config> {
  using dir = new TempDir();
  const path = dir.write("configs/runevault.conf", `${await Deno.readTextFile(EXAMPLE)}\n${section}`);
  const { config } = await loadConfig({ path, secrets: false });
  return JSON.parse(JSON.stringify(config).replaceAll(dir.path, "/opt/rune-vault"));
}

const start = (config: Config) => permissionsFor({ command: "daemon start", config });
const without = await configWith("");

Deno.test("the secrets engine keeps its store's folder and the policies, and a local key needs no network", async () => {
  const config = await configWith("secrets: {kms: {master_key_file: secrets/master_key}}");
  const base = servingPermissions(without);
  assert.deepEqual(servingPermissions(config), {
    ...base,
    read: [...base.read, STORE, POLICIES],
    write: [...base.write, STORE],
  });
  const started = start(config), plain = start(without);
  assert.deepEqual(started, {
    ...plain,
    read: [...plain.read, STORE, POLICIES],
    write: [...plain.write, STORE],
  });
});

Deno.test("an AWS key service is one host for good, and its credentials are read at start alone", async () => {
  const config = await configWith("secrets: {kms: {mode: aws, key_id: k, region: eu-central-1}}");
  const { net, env } = servingPermissions(config);
  assert.deepEqual([net, env], [["kms.eu-central-1.amazonaws.com:443"], []]);
  assert.deepEqual(start(config).net, [...start(without).net, "kms.eu-central-1.amazonaws.com:443"]);
  assert.deepEqual(start(config).env, [
    ...start(without).env,
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
  ]);
});

Deno.test("what the library of AWS KMS asks for reads as not set", async () => {
  const config = await configWith("secrets: {kms: {mode: aws, key_id: k, region: eu-central-1}}");
  const ignored = start(config).ignoredEnv.filter((name) => !start(without).ignoredEnv.includes(name));
  assert.equal(ignored.length, 4);
  for (const name of ignored) assert.match(name, /^AWS_(?!ACCESS|SECRET|SESSION)/);
});

for (
  const { credentials, net = [], read = [], env = [] } of [
    { credentials: "file, credentials_file: secrets/aws", read: ["/opt/rune-vault/secrets/aws"] },
    { credentials: "container", net: ["169.254.170.2:80"], env: ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] },
    { credentials: "instance", net: ["169.254.169.254:80"] },
  ]
) {
  Deno.test(`AWS credentials from ${credentials.split(",")[0]} need that place alone, for good`, async () => {
    const config = await configWith(
      `secrets: {kms: {mode: aws, key_id: k, region: eu-central-1, credentials: ${credentials}}}`,
    );
    const kept = servingPermissions(config), base = servingPermissions(without);
    assert.deepEqual(kept.net, ["kms.eu-central-1.amazonaws.com:443", ...net]);
    assert.deepEqual(kept.read, [...base.read, STORE, POLICIES, ...read]);
    assert.deepEqual(start(config).env, [...start(without).env, ...env]);
    const explained = explainPermissions({ command: "daemon start", config });
    for (const value of [...net, ...read]) {
      assert.match(
        explained.find((one) => one.value === value)!.reason,
        /credentials (of|for) the key-management service/,
      );
    }
  });
}

Deno.test("another endpoint takes the place of AWS's", async () => {
  const config = await configWith(
    "secrets: {kms: {mode: aws, key_id: k, region: eu-central-1, endpoint: 'http://127.0.0.1:4599'}}",
  );
  assert.deepEqual(servingPermissions(config).net, ["127.0.0.1:4599"]);
});

Deno.test("a store and policies outside the install directory are followed there", async () => {
  const config = await configWith(
    "secrets: {database: /srv/store/s.db, policies_file: /etc/vault/policies.yml, kms: {master_key_file: /etc/vault/key}}",
  );
  const { read, write } = start(config);
  for (const path of ["/srv/store", "/etc/vault/policies.yml", "/etc/vault/key"]) assert.ok(read.includes(path), path);
  assert.ok(write.includes("/srv/store"));
  assert.equal(write.some((path) => path.startsWith("/etc")), false);
  const kept = servingPermissions(config);
  assert.equal(kept.read.includes("/etc/vault/key"), false);
});

Deno.test("nothing of the section that is no address or path becomes a flag", async () => {
  const config = await configWith(
    "secrets: {database: '', policies_file: '', kms: {mode: aws, region: 'a,b', endpoint: 'http://a,b/'}}",
  );
  const flags = toFlags(start(config)).join("\n");
  assert.doesNotMatch(flags, /=$|=,|,$|a,b|--allow-(read|write|net)(?!=)/m);
});

Deno.test("explainPermissions() has a reason for each permission of the engine", async () => {
  const config = await configWith("secrets: {kms: {mode: aws, key_id: k, region: eu-central-1}}");
  const explained = explainPermissions({ command: "daemon start", config });
  const reasonOf = (value: string) => explained.find((one) => one.value === value);
  assert.deepEqual(reasonOf(STORE), { kind: "read", value: STORE, reason: "the secrets' store", kept: true });
  assert.equal(reasonOf(POLICIES)?.reason, "the policies");
  assert.equal(reasonOf("kms.eu-central-1.amazonaws.com:443")?.reason, "the key-management service");
  assert.equal(reasonOf("AWS_SESSION_TOKEN")?.kept, false);
});
