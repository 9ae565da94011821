import assert from "node:assert/strict";
import { join } from "node:path";
import { addressText } from "#config/mod.ts";
import { readKeyEnvelope } from "#domain/fhe/mod.ts";
import { CLOUD_STATES } from "#ports/metrics.ts";
import { createHash } from "node:crypto";
import { testCertificates } from "../support/certificates.ts";
import { firstLine } from "../support/first_line.ts";
import { ROOT } from "../support/paths.ts";
import { ScrapedPage } from "../support/scraped_page.ts";
import { TestCloud } from "../support/test_cloud/test_cloud.ts";
import { freePort, TestVault, type TestVaultOptions } from "../support/test_vault.ts";
import { VaultClient } from "../support/vault_client.ts";

const API_KEY = "test-api-key";
const HELLO = JSON.stringify({ a: "abc123def456", c: "OhawM+14dWV/2KJwL0Ud3pqJpP6Mr7XVfCsM" });

/** The vault of that cloud: the authorities that it trusts lie in its install directory. */
async function vaultOf(
  { ca, port }: { ca: string; port: number },
  { apiKey = API_KEY, scheme = "https://", ...options }: TestVaultOptions & { apiKey?: string; scheme?: string } = {},
): Promise<TestVault> {
  const sections = { envector: `envector: {endpoint: "${scheme}localhost:${port}", api_key: ${apiKey}}` };
  const vault = await TestVault.create({
    ...options,
    sections: { ...sections, ...options.sections },
    inInstallDir: { GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: "certs/cloud-ca.pem", ...options.inInstallDir },
  });
  await Deno.writeTextFile(join(vault.dir, "certs/cloud-ca.pem"), ca);
  return vault;
}

async function stateOf(vault: TestVault): Promise<ReturnType<typeof JSON.parse>> {
  return JSON.parse((await vault.cli("cloud", "status", "--json")).stdout);
}

/** Waits for the first registration's end. */
async function settled(vault: TestVault): Promise<ReturnType<typeof JSON.parse>> {
  let state = await stateOf(vault);
  while (state.state === "registering") state = await stateOf(vault);
  return state;
}

/** What the metrics show, of all states. */
async function shownStates(vault: TestVault): Promise<string[]> {
  const page = await ScrapedPage.of(vault);
  return CLOUD_STATES.filter((state) => page.value(`vault_cloud_state{state="${state}"}`) === 1);
}

async function decrypts(vault: TestVault, token: string): Promise<void> {
  using client = new VaultClient(`localhost:${vault.port}`, vault.ca);
  const { decrypted_metadata } = await client.decryptMetadata({ token, encrypted_metadata_list: [HELLO] });
  assert.deepEqual(decrypted_metadata, ["hello world"]);
}

Deno.test("a sealed vault registers its key and its index with the cloud over TLS", async () => {
  await using cloud = await TestCloud.start({ keys: ["other"] });
  await using vault = await vaultOf(cloud, { goldenKeys: false });
  await vault.start();
  const { since, ...state } = await settled(vault);
  const endpoint = `localhost:${cloud.port}`;
  assert.deepEqual(state, { state: "registered", endpoint, key_id: "vault-key", index: "team-index" });
  assert.deepEqual(await shownStates(vault), ["registered"]);
  assert.match(since, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);

  const envelope = await Deno.readFile(join(vault.dir, "vault-keys/vault-key/EvalKey.json"));
  const key = readKeyEnvelope("EvalKey", "EvalKey.json", envelope);
  assert.deepEqual(cloud.keys.get("vault-key"), {
    sha256: createHash("sha256").update(key).digest("hex"),
    size: key.length,
    isLoaded: true,
  });
  assert.equal(cloud.frames.length, 5);
  assert.deepEqual([cloud.resident, cloud.keys.has("other")], [["vault-key"], true]);
  assert.equal(cloud.indexes.get("team-index")?.dim, 1024);

  assert.deepEqual(await vault.cli("cloud", "status"), {
    code: 0,
    stdout: `State:    registered (${endpoint})\nEndpoint: ${endpoint}\nKey:      vault-key\nIndex:    team-index\n`,
    stderr: "",
  });
  assert.deepEqual(await vault.cli("cloud", "register"), {
    code: 0,
    stdout: `Registered with ${endpoint}: key vault-key, index team-index.\n`,
    stderr: "",
  });
  const status = await vault.cli("status");
  assert.equal(status.code, 0);
  assert.match(status.stdout, new RegExp(`^Cloud: {8}registered \\(${endpoint}\\)$`, "m"));
  assert.match(status.stdout, new RegExp(`^ {2}net: {8}${endpoint}$`, "m"));
  const { permissions, cloud: told } = JSON.parse((await vault.cli("status", "--json")).stdout);
  assert.deepEqual(permissions, { ...vault.keptPermissions, net: [endpoint] });
  assert.equal(told.state, "registered");
  await vault.stop();
  assert.match(vault.stderr, new RegExp(`INFO +cloud: registered with ${endpoint}: key vault-key, index team-index`));
  assert.equal(vault.stderr.includes(API_KEY), false);
});

Deno.test("a sealed vault registers the key of a legacy EvalKey.bin, and may read no more for it", async () => {
  await using cloud = await TestCloud.start();
  await using vault = await vaultOf(cloud);
  const folder = join(vault.dir, "vault-keys/vault-key"), key = new Uint8Array(4_500_000).fill("F".charCodeAt(0));
  await Deno.remove(join(folder, "EvalKey.json"));
  await Deno.writeFile(join(folder, "EvalKey.bin"), key, { mode: 0o600 });
  await vault.start();
  assert.equal((await settled(vault)).state, "registered");
  const sha256 = createHash("sha256").update(key).digest("hex");
  assert.deepEqual(cloud.keys.get("vault-key"), { sha256, size: key.length, isLoaded: true });
  cloud.keys.clear();
  assert.equal((await vault.cli("cloud", "register")).code, 0, "as often as it takes");
  const { permissions } = JSON.parse((await vault.cli("status", "--json")).stdout);
  assert.deepEqual(permissions, { ...vault.keptPermissions, net: [addressText(cloud.address)] });
  assert.equal((await vault.stop()).code, 0);
});

Deno.test("a vault whose API key is rejected serves, says so, and registers once the cloud takes the key", async () => {
  await using cloud = await TestCloud.start();
  cloud.keys.set("vault-key", { sha256: "", size: 1, isLoaded: false });
  await using vault = await vaultOf(cloud, { apiKey: "wrong-api-key", scheme: "" });
  await vault.start();
  const token = await vault.issueToken("alice");
  await decrypts(vault, token);
  const { state, failure } = await settled(vault);
  assert.deepEqual([state, failure], ["failed", "rejected"]);
  assert.deepEqual(await shownStates(vault), ["failed"]);
  const why = "the cloud rejects envector.api_key (set a good one and restart): " +
    "envector: get_key_list: UNAUTHENTICATED: invalid token";
  assert.deepEqual(await vault.cli("cloud", "register"), { code: 1, stdout: "", stderr: `Error: ${why}\n` });
  const shown = await vault.cli("cloud", "status");
  assert.equal(shown.code, 2);
  assert.match(shown.stdout, /^State: {4}failed \(API key rejected\), next try \S+Z: the cloud rejects /);
  const status = await vault.cli("status");
  assert.equal(status.code, 0, "the vault itself is up");
  assert.match(status.stdout, /^Cloud: {8}failed \(API key rejected\)/m);

  cloud.apiKey = "wrong-api-key";
  assert.equal((await vault.cli("cloud", "register", "--json")).code, 0);
  assert.equal((await stateOf(vault)).state, "registered");
  assert.deepEqual(await shownStates(vault), ["registered"]);
  await decrypts(vault, token);
  assert.equal((await vault.stop()).code, 0);
  assert.match(vault.stderr, /WARN +cloud: not registered: the cloud rejects .*; next try in 5 s/);
  assert.equal(vault.stderr.includes("wrong-api-key"), false);
});

Deno.test("a vault whose cloud is down serves, and registers by itself when it comes up", async () => {
  const certificates = await testCertificates(), port = freePort();
  await using vault = await vaultOf({ ca: certificates.ca, port });
  await vault.start();
  const token = await vault.issueToken("alice");
  const { state, failure, why } = await settled(vault);
  assert.deepEqual([state, failure], ["failed", "unreachable"]);
  assert.match(why, /^the cloud cannot be reached: envector: get_key_list: UNAVAILABLE: .*ECONNREFUSED/);
  await decrypts(vault, token);
  await using cloud = await TestCloud.start({ certificates, port, keys: ["vault-key"] });
  while ((await stateOf(vault)).state !== "registered");
  assert.deepEqual([...cloud.indexes.keys()], ["team-index"]);
  await decrypts(vault, token);
  assert.equal((await vault.stop()).code, 0);
});

Deno.test("a vault stops at once while the cloud does not answer, and ends a forced registration", async () => {
  await using cloud = await TestCloud.start();
  cloud.fail("get_key_list", { hang: true });
  await using vault = await vaultOf(cloud);
  await vault.start();
  const called = Promise.withResolvers<void>();
  cloud.onCall = () => called.resolve();
  if (cloud.calls.length === 0) await called.promise;
  assert.deepEqual(await shownStates(vault), ["registering"]);
  const forced = vault.cli("cloud", "register");
  while (!vault.stderr.includes("cloud: registering")) await stateOf(vault);
  const started = performance.now();
  assert.equal((await vault.stop()).code, 0);
  assert.ok(performance.now() - started < 5_000, "no drain waits for the cloud");
  assert.equal((await forced).code, 1);
});

Deno.test("a vault without a cloud is offline: no permission, nothing to register", async () => {
  await using vault = await TestVault.start({ sections: { envector: "envector: {endpoint: cloud.example}" } });
  const text = "ENVECTOR_ENDPOINT/ENVECTOR_API_KEY not set — offline mode, no team index.";
  assert.deepEqual(await vault.cli("cloud", "register"), { code: 1, stdout: "", stderr: `Error: ${text}\n` });
  assert.deepEqual(await vault.cli("cloud", "status"), {
    code: 0,
    stdout: "State:    offline — no endpoint or no API key is configured\nKey:      vault-key\nIndex:    team-index\n",
    stderr: "",
  });
  assert.deepEqual(JSON.parse((await vault.cli("status", "--json")).stdout).permissions, vault.keptPermissions);
  assert.match(vault.stderr, new RegExp(`WARN +${text}`));
});

Deno.test("an API key file that is empty leaves the vault offline, and its permission goes with the seal", async () => {
  const envector = "envector: {endpoint: cloud.example, api_key_file: configs/api_key}";
  await using vault = await TestVault.create({ sections: { envector } });
  await Deno.writeTextFile(join(vault.dir, "configs/api_key"), "\n", { mode: 0o600 });
  await vault.start();
  assert.equal((await stateOf(vault)).state, "offline");
  assert.deepEqual(JSON.parse((await vault.cli("status", "--json")).stdout).permissions, vault.keptPermissions);
});

for (
  const { name, ca, want } of [
    { name: "is missing", ca: undefined, want: /daemon: cloud: No such file or directory .*cloud-ca\.pem/ },
    {
      name: "holds none",
      ca: "nothing",
      want: /daemon: cloud: certificate authorities in .*: no certificate in PEM form/,
    },
  ]
) {
  Deno.test(`a vault does not start when the file of certificate authorities ${name}`, async () => {
    await using vault = await vaultOf({ ca: ca ?? "", port: 1 });
    if (ca === undefined) await Deno.remove(join(vault.dir, "certs/cloud-ca.pem"));
    await assert.rejects(vault.start(), want);
  });
}

Deno.test("a vault does not start when the certificate authorities lie where it may not read", async () => {
  await using vault = await vaultOf({ ca: "", port: 1 }, {
    inInstallDir: { GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: "../x" },
  });
  await assert.rejects(
    vault.start(),
    /daemon: cloud: certificate authorities in .*: the daemon may read only its own files: put them into the install/,
  );
});

Deno.test("a vault that was started without permission for its cloud does not start, and says why", async () => {
  await using vault = await TestVault.start({ keepFlags: true });
  await vault.stop();
  const offline = await Deno.readTextFile(vault.config);
  await Deno.writeTextFile(vault.config, `${offline}envector: {endpoint: cloud.example, api_key: ${API_KEY}}\n`);
  await assert.rejects(
    vault.start(),
    /daemon: cloud: no permission to connect to cloud\.example:443 \(envector\.endpoint\): start the vault with the package's launcher/,
  );
});

Deno.test("code inside the sealed daemon can connect to the cloud and nowhere else", async () => {
  await using cloud = await TestCloud.start({ keys: ["vault-key"] });
  await using vault = await vaultOf(cloud, { preload: `${ROOT}tests/support/attack_probe.ts` });
  await vault.start();
  const outcomes: Record<string, string> = JSON.parse(await firstLine(vault.stdout));
  const notRefused = Object.entries(outcomes).filter(([, outcome]) => outcome !== "refused");
  assert.deepEqual(notRefused, [
    ["connect to the cloud", "succeeded"],
    ["connect to the cloud by node:net", "succeeded"],
  ]);
  assert.ok("connect to the cloud's address instead of its name" in outcomes);
  assert.equal((await settled(vault)).state, "registered");
  assert.deepEqual(JSON.parse((await vault.cli("status", "--json")).stdout).permissions.net, [
    addressText(cloud.address),
  ]);
});
