import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { loadConfig } from "./load_config.ts";
import { parseSettings } from "./parse_settings.ts";
import { redact, redactRaw } from "./redact.ts";
import { resolveConfig } from "./resolve_config.ts";
import { NO_SECRETS } from "./secrets.ts";
import { kmsAddress, type KmsConfig } from "./secrets_config.ts";
import type { RawConfig } from "./settings.ts";
import { TempDir } from "./testing.ts";
import { validateForStart } from "./validate.ts";

const EXAMPLE = fileURLToPath(new URL("../../runevault.conf.example", import.meta.url));
const CANARY = "canary-m4ster";
const VALID: RawConfig = {
  "server.grpc.tls.disable": true,
  "keys.path": "vault-keys",
  "keys.embedding_dim": 1024,
  "tokens.roles_file": "configs/roles.yml",
  "tokens.tokens_file": "configs/tokens.yml",
};
const DEFAULTS = {
  database: "/x/secrets-store/secrets.db",
  policiesFile: "/x/configs/policies.yml",
  cipher: "xchacha20-poly1305",
  keepVersions: 10,
  allowedIps: [],
  trustProxy: [],
  rotationPollSeconds: 15,
  lockout: { maxFailures: 5, windowSeconds: 300, lockoutSeconds: 900 },
  kms: {
    mode: "local",
    keyId: "local",
    masterKey: "",
    previousKeys: {},
    region: "",
    endpoint: "",
    credentials: "environment",
    credentialsFile: "",
    profile: "default",
    maxRetries: 5,
    cacheSeconds: 300,
    cacheEntries: 16_384,
  },
  rewrap: { enable: false, pollSeconds: 86_400, maxPerSecond: 10 },
};
const NO_KEY = "secrets.kms.master_key_file is required (or master_key, or mode aws with key_id and region): " +
  "there is no secrets engine without a key-encryption key";

function resolved(raw: RawConfig, masterKey = "") {
  return resolveConfig(raw, "/x/configs/runevault.conf", { ...NO_SECRETS, masterKey });
}

Deno.test("the section secrets is absent when the file has none", () => {
  assert.equal("secrets" in resolved(VALID), false);
  validateForStart(resolved(VALID));
});

for (const text of ["secrets:", "secrets: {}", "secrets: ~", "secrets: {lockout: {}}", "secrets: {kms: }"]) {
  Deno.test(`the section secrets has its defaults and asks for a key: ${text}`, () => {
    const raw = parseSettings(text);
    assert.deepEqual(raw, { secrets: true });
    const config = resolved({ ...VALID, ...raw });
    assert.deepEqual(config.secrets, DEFAULTS);
    assert.throws(() => validateForStart(config), { message: `config invalid:\n  - ${NO_KEY}` });
  });
}

Deno.test("the section secrets of the example, commented in, is what the defaults are but for its addresses and key", async () => {
  using dir = new TempDir();
  const text = (await Deno.readTextFile(EXAMPLE)).replaceAll(/^# ((secrets:| {2}).*)$/gm, "$1");
  dir.write("secrets/master_key", `${CANARY}\n`);
  dir.write("secrets/team_secret", "t");
  const { config } = await loadConfig({ path: dir.write("configs/runevault.conf", text) });
  const { secrets } = JSON.parse(JSON.stringify(config).replaceAll(dir.path, "/x"));
  assert.deepEqual(secrets, {
    ...DEFAULTS,
    allowedIps: ["10.0.0.0/8", "::1"],
    kms: { ...DEFAULTS.kms, masterKey: CANARY },
  });
  validateForStart(config);
  assert.deepEqual(config.secretFiles, [dir.join("secrets/master_key")]);
  assert.deepEqual(config.warnings, []);
});

Deno.test("master keys: the file wins over the inline value, former ones come from their files, loose modes warn", async () => {
  using dir = new TempDir();
  dir.write("secrets/now", "key-now\n");
  const old = dir.write("secrets/old", "key-old\n", 0o640);
  const path = dir.write(
    "configs/runevault.conf",
    "secrets: {allowed_ips: ['::1'], kms: {key_id: k2, master_key: inline, master_key_file: secrets/now, " +
      "previous_keys: {k1: secrets/old}}}",
  );
  const { config, raw } = await loadConfig({ path });
  assert.equal(config.secrets!.kms.masterKey, "key-now");
  assert.deepEqual(config.secrets!.kms.previousKeys, { k1: "key-old" });
  assert.deepEqual(config.secretFiles, [dir.join("secrets/now"), old]);
  assert.deepEqual(config.warnings, [
    `config: secret file mode is too permissive: secrets.kms.previous_keys.k1 ${old} mode 0640, expected 0600`,
  ]);
  const shown = JSON.stringify([redact(config), redactRaw(raw)]);
  assert.doesNotMatch(shown, /key-now|key-old|inline/);
  assert.equal(redact(config).secrets!.kms.previousKeys.k1, "[REDACTED]");
});

Deno.test("loadConfig({ secrets: false }) opens no key file and holds no master key", async () => {
  using dir = new TempDir();
  const text = `secrets: {kms: {master_key: ${CANARY}, master_key_file: nowhere, previous_keys: {a: nowhere}}}`;
  const { config } = await loadConfig({ path: dir.write("runevault.conf", text), secrets: false });
  assert.deepEqual(config.secrets!.kms, DEFAULTS.kms);
  assert.deepEqual(config.secretFiles, [dir.join("nowhere"), dir.join("nowhere")]);
});

Deno.test("a key in the place of a former key's id is not quoted", async () => {
  using dir = new TempDir();
  const key = "jFi1bkzTyKQ5BLtw2dBDo1RItDXlKo8A5z2JbC6TExE=";
  const path = dir.write("runevault.conf", `secrets: {kms: {previous_keys: {'${key}': gone}}}`);
  await assert.rejects(loadConfig({ path }), (reason) => {
    assert.match(String(reason), /read secrets\.kms\.previous_keys\[0\] .*gone/);
    return !String(reason).includes(key);
  });
});

Deno.test("a secrets section without HTTP warns that no caller reaches it", async () => {
  using dir = new TempDir();
  const warningsOf = async (text: string) =>
    (await loadConfig({ path: dir.write("runevault.conf", text) })).config.warnings;
  const secrets = "secrets: {kms: {master_key: k}, allowed_ips: ['::1']}\n", off = "server: {http: {enable: false}}\n";
  assert.deepEqual(await warningsOf(secrets + off), [
    "config: server.http.enable is false: no caller reaches the secrets, only this machine's runevault commands",
  ]);
  assert.deepEqual(await warningsOf(secrets), []);
  assert.deepEqual(await warningsOf(off), []);
});

Deno.test("empty allowed_ips warn that nobody can read", async () => {
  using dir = new TempDir();
  const { config } = await loadConfig({ path: dir.write("runevault.conf", "secrets: {kms: {master_key: k}}") });
  assert.deepEqual(config.warnings, ["config: secrets.allowed_ips is empty: every read of a secret is refused"]);
});

for (
  const { text, want } of [
    { text: "secrets: {kms: {mode: gcp}}", want: "secrets.kms.mode: expected one of local, aws" },
    { text: "secrets: {cipher: des}", want: "secrets.cipher: expected one of xchacha20-poly1305, aes-256-gcm" },
    { text: `secrets: {kms: {previous_keys: ${CANARY}}}`, want: "previous_keys: expected a mapping of strings" },
    { text: `secrets: {kms: {previous_keys: [${CANARY}]}}`, want: "previous_keys: expected a mapping of strings" },
    { text: `secrets: {kms: {previous_keys: {a: {b: ${CANARY}}}}}`, want: "expected a mapping of strings" },
    { text: "secrets: {kms: {previous_keys: {a: }}}", want: "expected a mapping of strings" },
    { text: "secrets: {kms: {previous_keys: {1: x}}}", want: "expected a name that is a string; put it in quotes" },
    { text: "secrets: {kms: {previous_keys: {a: x, a: y}}}", want: 'duplicate key "a"' },
    { text: "secrets: {allowed_ips: 10.0.0.1}", want: "secrets.allowed_ips: expected a list of strings" },
    { text: `secrets: ${CANARY}`, want: "secrets: expected a mapping of keys" },
    { text: "secrets: {kms: {secret: x}}", want: 'unknown key "secrets.kms.secret"' },
  ]
) {
  Deno.test(`parseSettings() refuses ${text.replace(CANARY, "…")}`, () => {
    assert.throws(() => parseSettings(text), (reason) => {
      assert.ok((reason as Error).message.includes(want), String(reason));
      return !String(reason).includes(CANARY);
    });
  });
}

for (
  const { change, want, masterKey = "k" } of [
    { change: { "secrets.kms.key_id": "" }, want: "secrets.kms.key_id must not be empty" },
    { change: { "secrets.policies_file": "" }, want: "secrets.policies_file must not be empty" },
    { change: { "secrets.database": "" }, want: "secrets.database must not be empty" },
    { change: { "secrets.keep_versions": 0 }, want: "secrets.keep_versions must be within 1..2000000 (got 0)" },
    {
      change: { "secrets.rotation_poll_seconds": 0 },
      want: "secrets.rotation_poll_seconds must be within 1..2000000 (got 0)",
    },
    {
      change: { "secrets.lockout.max_failures": -1 },
      want: "secrets.lockout.max_failures must be within 0..2000000 (got -1)",
    },
    {
      change: { "secrets.lockout.lockout_seconds": 2_000_001 },
      want: "secrets.lockout.lockout_seconds must be within 1..2000000 (got 2000001)",
    },
    ...[["secrets.db", "/x/configs/runevault.conf"], ["configs/secrets.db", "/x/configs/runevault.conf"], [
      "vault-keys/s.db",
      "/x/vault-keys",
    ]]
      .map(([database, inside]) => ({
        change: { "secrets.database": database },
        want: `secrets.database must lie in a folder of its own: ${
          `/x/${database}`.replace(/\/[^/]+$/, "")
        } also has ${inside}`,
      })),
    {
      change: { "secrets.kms.mode": "aws", "secrets.kms.region": "eu-central-1" },
      want: "secrets.kms.key_id is required with secrets.kms.mode aws",
      masterKey: "",
    },
    {
      change: { "secrets.kms.mode": "aws", "secrets.kms.key_id": "k" },
      want: "secrets.kms.region is required with secrets.kms.mode aws",
      masterKey: "",
    },
    {
      change: { "secrets.kms.mode": "aws", "secrets.kms.key_id": "k", "secrets.kms.region": "a,b" },
      want: "secrets.kms.region must be the name of a region, e.g. eu-central-1",
      masterKey: "",
    },
    ...["nowhere", "ftp://x", "http://a,b/"].map((endpoint) => ({
      change: {
        "secrets.kms.mode": "aws",
        "secrets.kms.key_id": "k",
        "secrets.kms.region": "eu-central-1",
        "secrets.kms.endpoint": endpoint,
      },
      want: "secrets.kms.endpoint must be a URL, http or https",
      masterKey: "",
    })),
    ...[
      {
        change: { "secrets.kms.key_id": "alias/vault" },
        want: "secrets.kms.key_id must be a key's id or ARN: an alias can be moved to another key",
      },
      {
        change: { "secrets.kms.key_id": "arn:aws:kms:eu-central-1:111122223333:alias/vault" },
        want: "secrets.kms.key_id must be a key's id or ARN: an alias can be moved to another key",
      },
      {
        change: { "secrets.kms.endpoint": "http://kms.internal" },
        want: "secrets.kms.endpoint must be https, but on this machine: keys pass through it",
      },
      ...[{ "secrets.kms.credentials": "file" }, { "secrets.kms.credentials_file": "secrets/aws" }].map((change) => ({
        change,
        want: "secrets.kms.credentials_file is required with secrets.kms.credentials file, and for that alone",
      })),
    ].map(({ change, want }) => ({
      change: {
        "secrets.kms.mode": "aws",
        "secrets.kms.key_id": "k",
        "secrets.kms.region": "eu-central-1",
        ...change,
      } as RawConfig,
      want,
      masterKey: "",
    })),
    {
      change: { "secrets.kms.mode": "aws", "secrets.kms.key_id": "k", "secrets.kms.region": "eu-central-1" },
      want: "secrets.kms.master_key and previous_keys are for mode local",
    },
  ] as { change: RawConfig; want: string; masterKey?: string }[]
) {
  Deno.test(`validateForStart() refuses ${JSON.stringify(change)}: ${want}`, () => {
    const config = resolved({ ...VALID, secrets: true, ...change }, masterKey);
    assert.throws(() => validateForStart(config), { message: `config invalid:\n  - ${want}` });
  });
}

for (
  const { kms, want } of [
    { kms: { mode: "local", region: "eu-central-1" }, want: undefined },
    { kms: { mode: "aws", region: "eu-central-1" }, want: "kms.eu-central-1.amazonaws.com:443" },
    { kms: { mode: "aws", region: "cn-north-1" }, want: "kms.cn-north-1.amazonaws.com.cn:443" },
    { kms: { mode: "aws", region: "x", endpoint: "http://127.0.0.1:4599/" }, want: "127.0.0.1:4599" },
    { kms: { mode: "aws", region: "x", endpoint: "https://kms.internal" }, want: "kms.internal:443" },
    { kms: { mode: "aws", region: "x", endpoint: "http://[::1]" }, want: "[::1]:80" },
    { kms: { mode: "aws", region: "evil,0.0.0.0" }, want: undefined },
    { kms: { mode: "aws", region: "" }, want: undefined },
  ] as { kms: Partial<KmsConfig>; want?: string }[]
) {
  Deno.test(`kmsAddress() of ${JSON.stringify(kms)} is ${want}`, () => {
    const address = kmsAddress({ ...DEFAULTS.kms, ...kms } as KmsConfig);
    assert.equal(address && `${address.host}:${address.port}`, want);
  });
}
