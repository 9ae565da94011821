import assert from "node:assert/strict";
import { request } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { AwsKeys, type AwsKeysOptions, credentialNeeds, SDK_ENVIRONMENT } from "#adapters/kms/aws/mod.ts";
import { DataKeyCache, EnvelopeSealer } from "#domain/sealing/mod.ts";
import { systemClock } from "#ports/clock.ts";
import { testCertificates } from "../support/certificates.ts";
import { FakeKms } from "../support/fake_kms/fake_kms.ts";
import { openAwsKeys } from "../support/fake_kms/open_keys.ts";
import type { FaultKind } from "../support/fake_kms/protocol.ts";
import type { SealedPlan } from "../support/fake_kms/sealed_client.ts";
import { ROOT } from "../support/paths.ts";
import { run } from "../support/test_vault.ts";

const CONTEXT = { secret: "db/password", version: 3 }, CLIENT = `${ROOT}tests/support/fake_kms/sealed_client.ts`;

/** A fake KMS with two keys, a client of the first, and the pauses that it made. */
async function setUp(change: Partial<AwsKeysOptions> = {}) {
  const kms = await FakeKms.start();
  const { keyId, arn } = await kms.createKey(), { keyId: otherId } = await kms.createKey();
  const pauses: number[] = [];
  const open = (other: Partial<AwsKeysOptions> = {}) =>
    openAwsKeys(kms, other.keyId ?? keyId, {
      pause: (ms) => Promise.resolve(void pauses.push(ms)),
      random: () => 0.5,
      ...change,
      ...other,
    });
  const keys = await open();
  const dispose = async () => {
    await keys.close();
    await kms[Symbol.asyncDispose]();
  };
  return { kms, keys, keyId, arn, otherId, pauses, open, [Symbol.asyncDispose]: dispose };
}

Deno.test("AwsKeys asks for data keys, and opens and moves them under their context", async () => {
  await using it = await setUp();
  const { keys, keyId, otherId, kms } = it;
  const { dataKey, ...wrapped } = await keys.generate(CONTEXT);
  assert.equal(dataKey.length, 32);
  assert.notEqual(dataKey.toHex(), "00".repeat(32));
  assert.equal(wrapped.keyId, keyId);
  assert.deepEqual(await keys.unwrap(wrapped, CONTEXT), dataKey);
  const other = await it.open({ keyId: otherId });
  const moved = await other.rewrap(wrapped, CONTEXT);
  await other.close();
  assert.equal(moved.keyId, otherId);
  assert.notEqual(moved.wrapped.toHex(), wrapped.wrapped.toHex());
  assert.deepEqual(await keys.unwrap(moved, CONTEXT), dataKey); // with the stored key id, whatever the configured one is
  const { calls } = await kms.takeLog();
  const context = { secret: "db/password", version: "3" };
  assert.deepEqual(
    calls.map(({ operation, input }) => ({ operation, input: { ...input, CiphertextBlob: 0 } })),
    [
      { operation: "GenerateDataKey", input: { KeyId: keyId, KeySpec: "AES_256", EncryptionContext: context } },
      { operation: "Decrypt", input: { KeyId: keyId, EncryptionContext: context } },
      {
        operation: "ReEncrypt",
        input: {
          SourceKeyId: keyId,
          SourceEncryptionContext: context,
          DestinationKeyId: otherId,
          DestinationEncryptionContext: context,
        },
      },
      { operation: "Decrypt", input: { KeyId: otherId, EncryptionContext: context } },
    ].map(({ operation, input }) => ({ operation, input: { ...input, CiphertextBlob: 0 } })),
  );
});

Deno.test("AwsKeys gives each of many calls at once its own data key", async () => {
  await using it = await setUp();
  const versions = Array.from({ length: 30 }, (_, version) => version);
  const made = await Promise.all(versions.map((version) => it.keys.generate({ secret: "a/b", version })));
  assert.equal(new Set(made.map(({ dataKey }) => dataKey.toHex())).size, versions.length);
  const opened = await Promise.all(
    versions.map((version) => it.keys.unwrap(made[version], { secret: "a/b", version })),
  );
  assert.deepEqual(opened, made.map(({ dataKey }) => dataKey));
});

Deno.test("AwsKeys.lastRotation() takes the latest of all pages", async () => {
  await using it = await setUp();
  assert.equal(await it.keys.lastRotation(), undefined);
  await it.kms.configure({ pageSize: 2 });
  const dates = [1_700_000_000, 1_730_000_000, 1_720_000_000, 1_710_000_000, 1_705_000_000];
  for (const at of dates) await it.kms.rotate(it.keyId, at);
  assert.equal(await it.keys.lastRotation(), 1_730_000_000);
  assert.equal((await it.kms.takeLog()).calls.length, 4);
});

Deno.test("AwsKeys.lastRotation() of a key that cannot have any is undefined", async () => {
  await using it = await setUp();
  await it.kms.fault({ kind: "error", type: "UnsupportedOperationException", status: 400 });
  assert.equal(await it.keys.lastRotation(), undefined);
});

for (
  const { name, fault, callsEach = 1 } of [
    { name: "throttling", fault: { kind: "error", type: "ThrottlingException", status: 400 } },
    { name: "an error of the service", fault: { kind: "error", type: "KMSInternalException", status: 500 } },
    { name: "status 503", fault: { kind: "error", type: "SomethingNew", status: 503 } },
    // fetch() itself asks once more when the connection is cut before an answer.
    { name: "a cut connection", fault: { kind: "disconnect" }, callsEach: 2 },
    { name: "half an answer", fault: { kind: "garbage", body: '{"KeyId":' } },
  ] as { name: string; fault: FaultKind; callsEach?: number }[]
) {
  Deno.test(`AwsKeys attempts anew after ${name}, with pauses that double`, async () => {
    await using it = await setUp();
    await it.kms.fault({ ...fault, times: 5 * callsEach });
    assert.equal((await it.keys.generate(CONTEXT)).dataKey.length, 32);
    assert.deepEqual(it.pauses, [50, 100, 200, 400, 800]); // half of each limit, as the random source says
    assert.equal((await it.kms.takeLog()).calls.length, 5 * callsEach + 1);
  });

  Deno.test(`AwsKeys gives up when ${name} does not end`, async () => {
    await using it = await setUp({ maxRetries: 2 });
    await it.kms.fault({ ...fault, times: 100 });
    await assert.rejects(it.keys.generate(CONTEXT), {
      code: "UNAVAILABLE",
      message: new RegExp(`^AWS KMS did not answer GenerateDataKey with key '${it.keyId}' in 3 attempts: `),
    });
    assert.equal((await it.kms.takeLog()).calls.length, 3 * callsEach);
  });
}

for (
  const { type, code } of [
    { type: "AccessDeniedException", code: "UNAVAILABLE" },
    { type: "NotFoundException", code: "UNAVAILABLE" },
    { type: "DisabledException", code: "UNAVAILABLE" },
    { type: "KMSInvalidStateException", code: "UNAVAILABLE" },
    { type: "ValidationException", code: "UNAVAILABLE" },
    { type: "ExpiredTokenException", code: "UNAVAILABLE" },
    { type: "InvalidCiphertextException", code: "DATA_LOSS" },
    { type: "IncorrectKeyException", code: "DATA_LOSS" },
  ]
) {
  Deno.test(`AwsKeys never repeats a call that ${type} refused`, async () => {
    await using it = await setUp();
    const { keyId, wrapped } = await it.keys.generate(CONTEXT);
    await it.kms.takeLog();
    await it.kms.fault({ kind: "error", type, status: 400, message: "canary-from-the-service" });
    await assert.rejects(it.keys.unwrap({ keyId, wrapped }, CONTEXT), (reason: Error & { code: string }) => {
      assert.equal(reason.code, code);
      assert.ok(reason.message.startsWith(`AWS KMS refused Decrypt with key '${keyId}': ${type}`), reason.message);
      return !reason.message.includes("canary");
    });
    assert.equal((await it.kms.takeLog()).calls.length, 1);
    assert.deepEqual(it.pauses, []);
  });
}

Deno.test("AwsKeys waits no longer than it is told for one attempt", async () => {
  await using it = await setUp({ timeoutMs: 300, maxRetries: 1 });
  await it.kms.fault({ kind: "hang", times: 2 });
  await assert.rejects(it.keys.generate(CONTEXT), {
    code: "UNAVAILABLE",
    message: `AWS KMS did not answer GenerateDataKey with key '${it.keyId}' in 2 attempts: timed out`,
  });
});

Deno.test("AwsKeys asks a service that does not answer once in 5 s, refuses all others at once, and goes on when it answers", async () => {
  let now = 1000;
  await using it = await setUp({ maxRetries: 2, now: () => now });
  const calls = async () => (await it.kms.takeLog()).calls.length, sent = () => it.keys.generate(CONTEXT);
  const { wrapped } = await sent();
  await it.kms.fault({ kind: "disconnect", times: 3 * 2 + 2 }); // fetch() itself repeats each attempt once
  await assert.rejects(sent(), /did not answer GenerateDataKey .* in 3 attempts/);
  await calls();
  const refused = { code: "UNAVAILABLE", message: "AWS KMS did not answer of late and is asked again in 5 s" };
  await assert.rejects(sent(), refused);
  await assert.rejects(it.keys.unwrap({ keyId: it.keyId, wrapped }, CONTEXT), refused);
  await assert.rejects(it.keys.lastRotation(), refused);
  now += 4999;
  await assert.rejects(sent(), /asked again in 1 s/);
  assert.equal(await calls(), 0);
  now += 1;
  const both = await Promise.allSettled([sent(), sent()]);
  assert.deepEqual(both.map(({ status }) => status), ["rejected", "rejected"]);
  assert.equal(await calls(), 2, "one attempt for both");
  now += 5000;
  assert.equal((await sent()).dataKey.length, 32);
  await Promise.all([sent(), sent()]);
  assert.equal(await calls(), 3);
});

Deno.test("AwsKeys goes on asking a service that answers, though it refuses", async () => {
  await using it = await setUp({ maxRetries: 0, now: () => 0 });
  await it.kms.fault({ kind: "error", type: "KMSInternalException", status: 500, times: 2 });
  for (let i = 0; i < 2; i++) await assert.rejects(it.keys.generate(CONTEXT), /KMSInternalException, status 500/);
  assert.equal((await it.keys.generate(CONTEXT)).dataKey.length, 32);
});

Deno.test("AwsKeys.close() ends a call under way and a pause", async () => {
  await using it = await setUp({ pause: undefined, random: () => 0.999 });
  await it.kms.fault({ kind: "hang", operation: "GenerateDataKey" });
  await it.kms.fault({ kind: "error", type: "ThrottlingException", status: 400, operation: "Decrypt", times: 100 });
  const calls = [it.keys.generate(CONTEXT), it.keys.unwrap({ keyId: it.keyId, wrapped: new Uint8Array(9) }, CONTEXT)];
  const outcomes = Promise.allSettled(calls);
  for (let seen = 0; seen < 2;) seen += (await it.kms.takeLog()).calls.length;
  await it.keys.close();
  for (const { status } of await outcomes) assert.equal(status, "rejected");
});

Deno.test("AwsKeys with a wrong secret is refused at once", async () => {
  await using it = await setUp();
  const wrong = { accessKeyId: it.kms.accessKey.id, secretAccessKey: "canary-secret" };
  const keys = await it.open({ credentials: () => Promise.resolve(wrong) });
  await assert.rejects(keys.generate(CONTEXT), {
    code: "UNAVAILABLE",
    message: `AWS KMS refused GenerateDataKey with key '${it.keyId}': InvalidSignatureException ` +
      "(check the credentials and the clock)",
  });
  await keys.close();
  assert.deepEqual((await it.kms.takeLog()).calls.map(({ isSigned }) => isSigned), [false]);
});

Deno.test("AwsKeys refuses data keys of another length", async () => {
  await using it = await setUp();
  for (const Plaintext of ["AAAA", new Uint8Array(33).toBase64(), ""]) {
    const body = JSON.stringify({ KeyId: it.arn, Plaintext, CiphertextBlob: "AAAA" });
    await it.kms.fault({ kind: "garbage", body });
    await assert.rejects(it.keys.generate(CONTEXT), { code: "UNAVAILABLE" });
    await it.kms.fault({ kind: "garbage", body });
    const wrapped = { keyId: it.keyId, wrapped: new Uint8Array(9) };
    await assert.rejects(it.keys.unwrap(wrapped, CONTEXT), { code: "DATA_LOSS" });
  }
});

Deno.test("AwsKeys takes any answer for an answer or an error of its own", async () => {
  await using it = await setUp({ maxRetries: 0 });
  const { keys, kms, keyId } = it, wrapped = { keyId, wrapped: new Uint8Array(9) };
  const value = fc.oneof(fc.jsonValue(), fc.uint8Array({ maxLength: 40 }).map((bytes) => bytes.toBase64()));
  const rotation = fc.record({ RotationDate: fc.oneof(fc.jsonValue(), fc.integer()) }, { requiredKeys: [] });
  const fields = fc.record({
    KeyId: value,
    Plaintext: value,
    CiphertextBlob: value,
    Rotations: fc.oneof(value, fc.array(fc.oneof(value, rotation))),
    Truncated: fc.oneof(value, fc.boolean()),
  }, { requiredKeys: [] });
  const body = fc.oneof(fc.string(), fc.json(), fields.map((answer) => JSON.stringify(answer)));
  const calls = [
    async () => (await keys.generate(CONTEXT)).dataKey.length === 32,
    async () => (await keys.unwrap(wrapped, CONTEXT)).length === 32,
    async () => (await keys.rewrap(wrapped, CONTEXT)).wrapped.length > 0,
    async () => Number.isInteger(await keys.lastRotation() ?? 0),
  ];
  const property = fc.asyncProperty(body, fc.constantFrom(...calls), async (body, call) => {
    await kms.fault({ kind: "garbage", body });
    assert.equal(await call().catch((reason: Error) => reason.name === "VaultError" || reason.stack), true);
  });
  await fc.assert(property, { numRuns: 300 });
});

for (
  const { name, change } of [
    { name: "an alias", change: { keyId: "alias/vault" } },
    { name: "the ARN of an alias", change: { keyId: "arn:aws:kms:eu-central-1:111122223333:alias/vault" } },
    { name: "no key id", change: { keyId: "" } },
    { name: "an endpoint in the clear", change: { endpoint: "http://kms.example" } },
    { name: "an endpoint that is no URL", change: { endpoint: "kms" } },
  ]
) {
  Deno.test(`AwsKeys.open() refuses ${name}`, async () => {
    const credentials = () => Promise.reject(new Error("asked too early"));
    const options = { keyId: "k", region: "eu-central-1", endpoint: "https://kms.example", credentials };
    await assert.rejects(AwsKeys.open({ ...options, ...change }), { code: "INVALID_ARGUMENT" });
  });
}

Deno.test("EnvelopeSealer on AWS KMS keeps cached versions readable while the service is gone", async () => {
  await using it = await setUp({ maxRetries: 0 });
  const cache = new DataKeyCache(it.keys, { clock: systemClock, timer: () => () => {}, ttlSeconds: 300 });
  const sealer = new EnvelopeSealer({ keys: cache }), value = new TextEncoder().encode("s3cr3t");
  const sealed = await sealer.seal("db/password", 1, value);
  assert.deepEqual(await sealer.open("db/password", 1, sealed), value);
  await it.kms.fault({ kind: "disconnect", times: 100 });
  assert.deepEqual(await sealer.open("db/password", 1, sealed), value);
  await assert.rejects(sealer.seal("db/password", 2, value), { code: "UNAVAILABLE" });
});

Deno.test("EnvelopeSealer on AWS KMS reads nothing whose key was forgotten, and says which key", async () => {
  await using it = await setUp();
  const sealer = new EnvelopeSealer({ keys: it.keys });
  const sealed = await sealer.seal("db/password", 1, new Uint8Array(9));
  await it.kms.setState(it.keyId, "Forgotten");
  await assert.rejects(sealer.open("db/password", 1, sealed), {
    code: "UNAVAILABLE",
    message: `AWS KMS refused Decrypt with key '${it.keyId}': NotFoundException (check the key id and the region)`,
  });
});

/** Runs the plan with the permissions that it needs and no others. */
async function runSealed(plan: SealedPlan, env: Record<string, string>, metadataAddress: string) {
  const needs = credentialNeeds(plan.credentials, plan.credentialsFile);
  // The addresses that AWS has fixed are not to be had here: the fake's stands for them.
  const net = [new URL(plan.endpoint).host, ...needs.net.map(() => metadataAddress)];
  const flags = Object.entries({ "allow-net": net, "allow-read": needs.read, "allow-env": needs.env })
    .flatMap(([flag, values]) => values.length > 0 ? [`--${flag}=${values.join(",")}`] : []);
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...flags, `--ignore-env=${SDK_ENVIRONMENT}`, CLIENT, JSON.stringify(plan)],
    env: { ...env, NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

for (const credentials of ["environment", "file", "container", "instance"] as const) {
  Deno.test(`AwsKeys works on in a sealed process with credentials of the ${credentials}`, async () => {
    await using it = await setUp();
    await it.kms.rotate(it.keyId, 1_700_000_000);
    await it.kms.configure({ roleLivesSeconds: 1 }); // asked for anew with each call
    const dir = await Deno.makeTempDir({ prefix: "rv-aws-" });
    try {
      const { id, secret } = it.kms.accessKey, credentialsFile = `${dir}/credentials`;
      const text = `# of a test\n[other]\naws_access_key_id = x\n[default]\naws_access_key_id = ${id}\n` +
        `aws_secret_access_key=${secret}\n; end\n`;
      await Deno.writeTextFile(credentialsFile, text, { mode: 0o600 });
      const env = {
        environment: { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret },
        file: {},
        container: { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/v2/credentials/task" },
        instance: {},
      };
      const { keyId, otherId: otherKeyId, kms: { region, endpoint, metadataAddress } } = it;
      const forbidden = metadataAddress.replace("127.0.0.1", "127.0.0.2"), metadataUrl = `http://${metadataAddress}`;
      const place = { region, endpoint, credentials, credentialsFile, metadataUrl };
      const results = await runSealed({ ...place, keyId, otherKeyId, forbidden }, env[credentials], metadataAddress);
      assert.deepEqual(results, {
        bytes: 32,
        opens: true,
        otherName: `VaultError: AWS KMS refused Decrypt with key '${keyId}': InvalidCiphertextException`,
        unknownKey: `VaultError: AWS KMS refused Decrypt with key '${otherKeyId}': IncorrectKeyException`,
        rewraps: true,
        lastRotation: 1_700_000_000,
        environment: `NotCapable: Requires env access to "AWS_SECRET_ACCESS_KEY", run again with the --allow-env flag`,
        connection: `NotCapable: Requires net access to "${forbidden}", run again with the --allow-net flag`,
      });
      const { calls, metadataCalls } = await it.kms.takeLog();
      const isRole = credentials === "container" || credentials === "instance";
      assert.equal(metadataCalls > 1, isRole);
      const expected = isRole ? it.kms.roleKey.id : id;
      assert.deepEqual([...new Set(calls.map(({ accessKeyId }) => accessKeyId))], [expected]);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });
}

Deno.test("AwsKeys speaks TLS in a sealed process, and only with a certificate that is trusted", async () => {
  await using it = await setUp();
  const { ca, cert, key } = await testCertificates(), dir = await Deno.makeTempDir({ prefix: "rv-aws-" });
  const relay = createServer({ cert, key }, (inward, response) => {
    const { method, headers } = inward;
    const outward = request(it.kms.endpoint, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    inward.pipe(outward);
  });
  await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
  try {
    await Deno.writeTextFile(`${dir}/ca.pem`, ca);
    const { id, secret } = it.kms.accessKey, { keyId, otherId: otherKeyId, kms: { region, metadataAddress } } = it;
    const endpoint = `https://localhost:${(relay.address() as AddressInfo).port}`;
    const place = { region, endpoint, credentials: "environment", credentialsFile: "" } as const;
    const plan = { ...place, keyId, otherKeyId, forbidden: metadataAddress };
    const env = { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret };
    const { opens } = await runSealed(plan, { ...env, DENO_CERT: `${dir}/ca.pem` }, metadataAddress);
    assert.equal(opens, true);
    await assert.rejects(
      runSealed(plan, env, metadataAddress),
      /did not answer GenerateDataKey .*the connection failed/,
    );
  } finally {
    relay.closeAllConnections();
    await new Promise((resolve) => relay.close(resolve));
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("credentialNeeds() are the addresses that AWS has fixed, one file, or variables", () => {
  const needs = (["environment", "file", "container", "instance"] as const).map((source) => {
    const { net, read, env } = credentialNeeds(source, "/etc/aws");
    return [...net, ...read, ...env];
  });
  assert.deepEqual(needs, [
    ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"],
    ["/etc/aws"],
    ["169.254.170.2:80", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"],
    ["169.254.169.254:80"],
  ]);
});

Deno.test("the adapter loads the SDK only when keys are opened", async () => {
  const code = `import "${ROOT}src/adapters/kms/aws/mod.ts"; console.log("loaded");`;
  const file = await Deno.makeTempFile({ prefix: "rv-aws-", suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, code);
    const args = ["run", "--no-prompt", "--quiet", "--config", `${ROOT}deno.json`, file];
    const { code: status, stdout, stderr } = await run(Deno.execPath(), args); // the SDK would ask for the environment
    assert.equal(status, 0, stderr);
    assert.equal(stdout, "loaded\n");
  } finally {
    await Deno.remove(file);
  }
});
