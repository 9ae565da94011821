/** The fake key-management service, proved with a client that is not ours: Debian's awscli. @module */
import assert from "node:assert/strict";
import { FakeKms } from "../support/fake_kms/fake_kms.ts";
import type { AccessKey } from "../support/fake_kms/sigv4.ts";
import { ROOT } from "../support/paths.ts";

const AWS = "/usr/bin/aws", DATA = `${ROOT}tests/support/fake_kms/testdata`;
const CONTEXT = "secret=db/password,version=1";

function hasAws(): boolean {
  try {
    return Deno.statSync(AWS).isFile;
  } catch {
    return false;
  }
}

/** awscli with no configuration but this. */
async function aws(kms: FakeKms, args: readonly string[], { id, secret, sessionToken }: AccessKey = kms.accessKey) {
  const { code, stdout, stderr } = await new Deno.Command(AWS, {
    args: [...args, "--endpoint-url", kms.endpoint, "--region", kms.region, "--output", "json"],
    clearEnv: true,
    env: {
      PATH: "/usr/bin:/bin",
      AWS_ACCESS_KEY_ID: id,
      AWS_SECRET_ACCESS_KEY: secret,
      ...(sessionToken ? { AWS_SESSION_TOKEN: sessionToken } : {}),
      AWS_CONFIG_FILE: "/dev/null",
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_MAX_ATTEMPTS: "1",
      AWS_DATA_PATH: DATA,
    },
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stderr: decode(stderr), answer: code === 0 ? JSON.parse(decode(stdout)) : undefined };
}

async function ask(kms: FakeKms, ...args: string[]) {
  const { code, stderr, answer } = await aws(kms, ["kms", ...args]);
  assert.equal(code, 0, stderr);
  return answer;
}

const options = { ignore: !hasAws() };

Deno.test("FakeKms makes, opens and moves data keys for awscli", options, async () => {
  await using kms = await FakeKms.start();
  const [first, second] = [await kms.createKey(), await kms.createKey()];
  const context = ["--encryption-context", CONTEXT];
  const made = await ask(kms, "generate-data-key", "--key-id", first.keyId, "--key-spec", "AES_256", ...context);
  assert.equal(made.KeyId, first.arn);
  assert.equal(Uint8Array.fromBase64(made.Plaintext).length, 32);
  const dir = await Deno.makeTempDir({ prefix: "rv-aws-" });
  try {
    const blobOf = async (text: string) => {
      await Deno.writeFile(`${dir}/blob`, Uint8Array.fromBase64(text));
      return ["--ciphertext-blob", `fileb://${dir}/blob`];
    };
    const opened = await ask(kms, "decrypt", ...await blobOf(made.CiphertextBlob), "--key-id", first.arn, ...context);
    assert.deepEqual([opened.KeyId, opened.Plaintext], [first.arn, made.Plaintext]);
    const contexts = [
      "--source-encryption-context",
      CONTEXT,
      "--destination-encryption-context",
      "secret=x/y,version=2",
    ];
    const moved = await ask(
      kms,
      "re-encrypt",
      ...await blobOf(made.CiphertextBlob),
      "--source-key-id",
      first.keyId,
      "--destination-key-id",
      second.keyId,
      ...contexts,
    );
    assert.deepEqual([moved.SourceKeyId, moved.KeyId], [first.arn, second.arn]);
    for (
      const { blob, args, error } of [
        { blob: moved.CiphertextBlob, args: context, error: /InvalidCiphertextException/ },
        { blob: moved.CiphertextBlob, args: [], error: /InvalidCiphertextException/ },
        { blob: moved.CiphertextBlob, args: ["--key-id", first.keyId], error: /IncorrectKeyException/ },
        { blob: "AAAA", args: context, error: /InvalidCiphertextException/ },
      ]
    ) {
      const { code, stderr } = await aws(kms, ["kms", "decrypt", ...await blobOf(blob), ...args]);
      assert.notEqual(code, 0);
      assert.match(stderr, error);
    }
    const context2 = ["--encryption-context", "version=2,secret=x/y"]; // in any order
    const reopened = await ask(kms, "decrypt", ...await blobOf(moved.CiphertextBlob), ...context2);
    assert.deepEqual([reopened.KeyId, reopened.Plaintext], [second.arn, made.Plaintext]);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("FakeKms lists rotations for awscli page by page", options, async () => {
  await using kms = await FakeKms.start();
  const { keyId, arn } = await kms.createKey();
  for (const at of [1_700_000_000, 1_710_000_000, 1_720_000_000]) await kms.rotate(keyId, at);
  const list = async (...args: string[]) => {
    const { code, stderr, answer } = await aws(kms, [
      "kms-rotations",
      "list-key-rotations",
      "--key-id",
      keyId,
      ...args,
    ]);
    assert.equal(code, 0, stderr);
    return answer;
  };
  const first = await list("--limit", "2");
  assert.equal(first.Truncated, true);
  assert.deepEqual(first.Rotations.map(({ KeyId }: { KeyId: string }) => KeyId), [arn, arn]);
  const last = await list("--marker", first.NextMarker);
  assert.equal(last.Truncated, false);
  const dates = [...first.Rotations, ...last.Rotations].map(({ RotationDate }) => Date.parse(RotationDate) / 1000);
  assert.deepEqual(dates, [1_700_000_000, 1_710_000_000, 1_720_000_000]);
});

Deno.test(
  "FakeKms refuses awscli a wrong secret, an unknown key id, a missing session and a late request",
  options,
  async () => {
    await using kms = await FakeKms.start();
    const { keyId } = await kms.createKey();
    const call = ["kms", "generate-data-key", "--key-id", keyId, "--key-spec", "AES_256"];
    const refused = async (key: AccessKey, error: RegExp) => {
      const { code, stderr } = await aws(kms, call, key);
      assert.notEqual(code, 0);
      assert.match(stderr, error);
    };
    await refused({ ...kms.accessKey, secret: `${kms.accessKey.secret}x` }, /InvalidSignatureException/);
    await refused({ ...kms.accessKey, id: "AKIAUNKNOWN" }, /UnrecognizedClientException/);
    await refused({ ...kms.roleKey, sessionToken: undefined }, /UnrecognizedClientException/);
    assert.equal((await aws(kms, call, kms.roleKey)).code, 0);
    await kms.configure({ clockOffsetSeconds: 600 });
    await refused(kms.accessKey, /InvalidSignatureException.*expired/);
    const { calls } = await kms.takeLog();
    assert.deepEqual(calls.map(({ isSigned }) => isSigned), [false, false, false, true, false]);
  },
);

Deno.test("FakeKms fails awscli as it is told to, and for keys that are disabled or forgotten", options, async () => {
  await using kms = await FakeKms.start();
  const { keyId } = await kms.createKey();
  const call = ["kms", "generate-data-key", "--key-id", keyId, "--key-spec", "AES_256"];
  await kms.fault({ kind: "error", type: "ThrottlingException", status: 400 });
  await kms.fault({ kind: "disconnect" });
  for (const error of [/ThrottlingException/, /Connection was closed|RemoteDisconnected|Could not connect/]) {
    assert.match((await aws(kms, call)).stderr, error);
  }
  assert.equal((await aws(kms, call)).code, 0);
  for (
    const { state, error } of [
      { state: "Disabled", error: /DisabledException/ },
      { state: "Forgotten", error: /NotFoundException/ },
    ] as const
  ) {
    await kms.setState(keyId, state);
    assert.match((await aws(kms, call)).stderr, error);
  }
});
