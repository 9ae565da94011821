import { Buffer } from "node:buffer";
import { createDecipheriv } from "node:crypto";
import { decodeBase64 } from "#domain/fhe/mod.ts";
import { PayloadError } from "#errors/mod.ts";

const IV_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** How much is worked on before other calls get their turn on the event loop; a multiple of 4 for base64. */
export const SLICE_BYTES = 1 << 20;

/** AES-256-CTR: IV, then ciphertext of the plaintext's length. No part of it is authenticated. */
export async function decryptCtr(ciphertext: Uint8Array, key: Uint8Array): Promise<Uint8Array> {
  const sealed = await decode(ciphertext, IV_BYTES);
  const decipher = createDecipheriv("aes-256-ctr", key, sealed.subarray(0, IV_BYTES));
  return await decryptInPlace(decipher, sealed.subarray(IV_BYTES));
}

/** AES-256-GCM: nonce, ciphertext, tag; the agent id is authenticated with it. */
export async function decryptGcm(ciphertext: Uint8Array, key: Uint8Array, agentId: string): Promise<Uint8Array> {
  const sealed = await decode(ciphertext, NONCE_BYTES + TAG_BYTES);
  const nonce = sealed.subarray(0, NONCE_BYTES), tagAt = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(new TextEncoder().encode(agentId));
  decipher.setAuthTag(sealed.subarray(tagAt));
  const plaintext = await decryptInPlace(decipher, sealed.subarray(NONCE_BYTES, tagAt));
  try {
    decipher.final();
  } catch {
    plaintext.fill(0);
    throw new PayloadError("authentication failed");
  }
  return plaintext;
}

async function decryptInPlace(
  decipher: { update(data: Uint8Array): Uint8Array },
  data: Uint8Array,
): Promise<Uint8Array> {
  for (const slice of slices(data)) {
    slice.set(decipher.update(slice));
    if (data.length > SLICE_BYTES) await giveTurn();
  }
  return data;
}

async function decode(ciphertext: Uint8Array, minBytes: number): Promise<Uint8Array> {
  const sealed = await decodeStrict(ciphertext) ?? decodeBase64(ciphertext);
  if (sealed.length >= minBytes) return sealed;
  throw new PayloadError(`crypto: ciphertext too short (need >= ${minBytes} bytes after base64 decode)`);
}

/** Undefined for what is not canonical: the lenient decoder takes that, as the original vault did. */
async function decodeStrict(ciphertext: Uint8Array): Promise<Uint8Array | undefined> {
  const bytes = new Uint8Array(Math.ceil(ciphertext.length / 4) * 3);
  let length = 0;
  for (const slice of slices(ciphertext)) {
    if (length % 3 !== 0) return undefined; // padding before the end
    try {
      const text = Buffer.from(slice.buffer, slice.byteOffset, slice.length).toString("latin1");
      length += bytes.subarray(length).setFromBase64(text, { lastChunkHandling: "strict" }).written;
    } catch {
      return undefined;
    }
    if (ciphertext.length > SLICE_BYTES) await giveTurn();
  }
  return bytes.subarray(0, length);
}

function* slices(data: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < data.length; at += SLICE_BYTES) yield data.subarray(at, at + SLICE_BYTES);
}

/** Lets the event loop serve others. */
export function giveTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
