import assert from "node:assert/strict";
import type { KmsConfig } from "#config/mod.ts";
import { DataKeyCache } from "#domain/sealing/mod.ts";
import { systemClock } from "#ports/clock.ts";
import { systemTimer } from "#ports/timer.ts";
import { openKeyEncryption } from "./key_encryption.ts";

const CONTEXT = { secret: "db/password", version: 1 };
const keyText = (byte: number) => new Uint8Array(32).fill(byte).toBase64();
const LOCAL: KmsConfig = {
  mode: "local",
  keyId: "local",
  masterKey: keyText(1),
  previousKeys: {},
  region: "",
  endpoint: "",
  credentials: "environment",
  credentialsFile: "",
  profile: "default",
  maxRetries: 5,
  cacheSeconds: 300,
  cacheEntries: 16_384,
};
const AWS: KmsConfig = {
  ...LOCAL,
  mode: "aws",
  keyId: "1234abcd",
  region: "eu-central-1",
};

function open(settings: KmsConfig, variables: Record<string, string> = {}) {
  return openKeyEncryption(settings, { clock: systemClock, timer: systemTimer, env: (name) => variables[name] });
}

Deno.test("openKeyEncryption() wraps with the local key and unwraps with previous ones", async () => {
  const before = await open(LOCAL);
  const { dataKey, ...wrapped } = await before.generate(CONTEXT);
  const after = await open({
    ...LOCAL,
    keyId: "2027",
    masterKey: `base64:${keyText(2)}`,
    previousKeys: { local: keyText(1) },
  });
  assert.equal(after.keyId, "2027");
  assert.equal(after instanceof DataKeyCache, false, "no data key stays in memory");
  assert.deepEqual(await after.unwrap(wrapped, CONTEXT), dataKey);
  await Promise.all([before.close(), after.close()]);
});

Deno.test("openKeyEncryption() of AWS opens without asking the service", async () => {
  const keys = await open(AWS, { AWS_ACCESS_KEY_ID: "AKIA1", AWS_SECRET_ACCESS_KEY: "canary" });
  assert.equal(keys.keyId, "1234abcd");
  assert.ok(keys instanceof DataKeyCache);
  await keys.close();
});

for (
  const { name, settings, message } of [
    {
      name: "no local key",
      settings: { ...LOCAL, masterKey: "" },
      message: /^secrets\.kms\.master_key: a master key is /,
    },
    {
      name: "half a key",
      settings: { ...LOCAL, masterKey: keyText(1).slice(9) },
      message: /^secrets\.kms\.master_key: /,
    },
    {
      name: "a previous key that is none",
      settings: { ...LOCAL, previousKeys: { "2025": "canary" } },
      message: /^secrets\.kms\.previous_keys\.2025: a master key is base64 of 32 bytes: /,
    },
    {
      name: "a previous key with the current id",
      settings: { ...LOCAL, previousKeys: { local: keyText(2) } },
      message: /^secrets\.kms\.previous_keys names 'local', the current key's id$/,
    },
    { name: "AWS without credentials", settings: AWS, message: /^no AWS credentials: / },
  ]
) {
  Deno.test(`openKeyEncryption() refuses ${name} and quotes none of it`, async () => {
    await assert.rejects(open(settings), (reason: Error & { code: string }) => {
      assert.match(reason.message, message);
      assert.equal(reason.code, "INVALID_ARGUMENT");
      return !reason.message.includes("canary") &&
        !reason.message.includes(settings.masterKey.slice(0, 10) || "canary");
    });
  });
}
