/** No error tells a plaintext, a data key, a master key or a credential. @module */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  DataKeyCache,
  EnvelopeSealer,
  LocalKeys,
  openMyVaultRow,
  parseMasterKey,
  parseMyVaultKey,
} from "#domain/sealing/mod.ts";
import { systemClock } from "#ports/clock.ts";
import type { KeyContext, KeyEncryption, WrappedKey } from "#ports/key_encryption.ts";
import type { SealedValue } from "#ports/secret_store.ts";
import { FakeKms } from "../support/fake_kms/fake_kms.ts";
import { openAwsKeys } from "../support/fake_kms/open_keys.ts";

const PLAINTEXT = "canary-plaintext-3f9a", NAME = "db/password";
const encode = (text: string) => new TextEncoder().encode(text);

/** All that an error could show: its text, stack, properties and causes. */
function shown(reason: unknown): string {
  const { message, stack } = reason as Error;
  return [message, stack, Deno.inspect(reason, { depth: 20, showHidden: true, iterableLimit: 1e4 }), String(reason)]
    .join();
}

/** The forms in which bytes could be shown. */
function formsOf(secret: Uint8Array): string[] {
  const buffer = Buffer.from(secret);
  const base64 = buffer.toString("base64").replace(/=+$/, "");
  return [
    buffer.toString("hex"),
    base64,
    buffer.toString("base64url"),
    buffer.toString("latin1"),
    [...secret].join(", "),
  ];
}

/** Keeps copies of the clear data keys that pass. */
class Watched implements KeyEncryption {
  readonly seen: Uint8Array[] = [];

  constructor(readonly keys: KeyEncryption) {}

  get keyId(): string {
    return this.keys.keyId;
  }

  async generate(context: KeyContext) {
    const made = await this.keys.generate(context);
    this.seen.push(made.dataKey.slice());
    return made;
  }

  async unwrap(wrapped: WrappedKey, context: KeyContext) {
    const dataKey = await this.keys.unwrap(wrapped, context);
    this.seen.push(dataKey.slice());
    return dataKey;
  }

  rewrap = (wrapped: WrappedKey, context: KeyContext) => this.keys.rewrap(wrapped, context);
  lastRotation = () => this.keys.lastRotation();
  close = () => this.keys.close();
}

/** What calls with damaged, moved and foreign records reject with; at least one each. */
async function provoke(keys: Watched): Promise<unknown[]> {
  const cache = new DataKeyCache(keys, { clock: systemClock, timer: () => () => {}, ttlSeconds: 300 });
  const errors: unknown[] = [];
  for (const algorithm of ["xchacha20-poly1305", "aes-256-gcm"] as const) {
    for (const target of [keys, cache]) {
      const sealer = new EnvelopeSealer({ keys: target, algorithm });
      const sealed = await sealer.seal(NAME, 1, encode(PLAINTEXT));
      await sealer.open(NAME, 1, sealed);
      const changes: Partial<SealedValue>[] = [
        { ciphertext: sealed.ciphertext.slice(1) },
        { ciphertext: new Uint8Array() },
        { wrappedKey: sealed.wrappedKey.slice(1) },
        { wrappedKey: encode("canary") },
        { nonce: new Uint8Array(1) },
        { aad: encode("x") },
        { keyId: "unknown" },
      ];
      for (const change of changes) {
        await assert.rejects(sealer.open(NAME, 1, { ...sealed, ...change }), (reason) => !!errors.push(reason));
      }
      await assert.rejects(sealer.open("db/other", 1, sealed), (reason) => !!errors.push(reason));
    }
  }
  return errors;
}

function assertSilent(errors: readonly unknown[], secrets: readonly Uint8Array[]): void {
  assert.ok(errors.length > 0 && secrets.length > 0);
  const forms = secrets.flatMap(formsOf);
  for (const reason of errors) {
    const text = shown(reason);
    assert.equal(forms.some((form) => text.includes(form)), false, "an error shows a secret");
  }
}

Deno.test("errors of local keys show no plaintext, data key or master key", async () => {
  const master = encode("canary-master-key-of-32-bytes-xx");
  const keys = new Watched(new LocalKeys({ keyId: "local", keys: new Map([["local", master.slice()]]) }));
  assertSilent(await provoke(keys), [encode(PLAINTEXT), master, ...keys.seen]);
});

Deno.test("errors of AWS KMS show no plaintext, data key or credential", async () => {
  await using kms = await FakeKms.start();
  const { keyId } = await kms.createKey(), aws = await openAwsKeys(kms, keyId, { maxRetries: 0 });
  const keys = new Watched(aws), errors = await provoke(keys);
  const dataKey = keys.seen[0].toBase64(), context = { secret: NAME, version: 1 };
  for (
    const body of [
      `{"Plaintext":"${dataKey}"`, // broken off
      `{"Plaintext":"${dataKey}${dataKey}","CiphertextBlob":"AAAA"}`,
      `{"plaintext":"${dataKey}","CiphertextBlob":1}`,
      `canary ${dataKey}`,
    ]
  ) {
    for (const call of [() => keys.generate(context), () => keys.unwrap({ keyId, wrapped: encode("x") }, context)]) {
      await kms.fault({ kind: "garbage", body });
      await assert.rejects(call(), (reason) => !!errors.push(reason));
    }
  }
  for (const type of ["AccessDeniedException", "InvalidCiphertextException", "KMSInternalException", `X ${dataKey}`]) {
    await kms.fault({ kind: "error", type, status: 400, message: dataKey });
    await assert.rejects(keys.generate(context), (reason) => !!errors.push(reason));
  }
  await aws.close();
  assertSilent(errors, [encode(PLAINTEXT), encode(kms.accessKey.secret), ...keys.seen]);
});

Deno.test("errors of the key parsers show nothing of what they were given", () => {
  const canary = "canarycanarycanary", errors: unknown[] = [];
  for (
    const attempt of [
      () => parseMasterKey(encode(canary)),
      () => parseMasterKey(encode(`base64:${canary}!`)),
      () => parseMyVaultKey(canary),
      () => parseMyVaultKey(`base64:${canary}`),
      () => openMyVaultRow(encode(canary), { encryptedValue: canary, encryptionIv: canary, encryptionTag: canary }),
    ]
  ) assert.throws(attempt, (reason) => !!errors.push(reason));
  assertSilent(errors, [encode(canary)]);
});
