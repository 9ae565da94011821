import { createCipheriv, createDecipheriv } from "node:crypto";
import type { SealAlgorithm } from "#ports/secret_store.ts";
import { type CipherInput, decryptXChaCha, encryptXChaCha, TAG_BYTES } from "./xchacha.ts";

export { TAG_BYTES };

/** Bytes of the nonce: long enough to be random (XChaCha20), or random for one message under each key (GCM). */
export const NONCE_BYTES: Readonly<Record<SealAlgorithm, number>> = { "xchacha20-poly1305": 24, "aes-256-gcm": 12 };

/** What is to be done with which cipher. */
export interface AeadInput extends CipherInput {
  readonly algorithm: SealAlgorithm;
}

/** @returns The ciphertext, of the plaintext's length, and its 16-byte tag. */
export function encrypt(input: AeadInput, plaintext: Uint8Array): Uint8Array {
  return input.algorithm === "aes-256-gcm" ? encryptGcm(input, plaintext) : encryptXChaCha(input, plaintext);
}

/**
 * @param sealed What encrypt() gave.
 * @returns The plaintext, in a buffer of its own; undefined when anything was changed.
 */
export function decrypt(input: AeadInput, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.length < TAG_BYTES) return undefined;
  return input.algorithm === "aes-256-gcm" ? decryptGcm(input, sealed) : decryptXChaCha(input, sealed);
}

const GCM = "aes-256-gcm", OPTIONS = { authTagLength: TAG_BYTES };

function encryptGcm({ key, nonce, aad }: CipherInput, plaintext: Uint8Array): Uint8Array {
  const cipher = createCipheriv(GCM, key, nonce, OPTIONS).setAAD(aad);
  const sealed = new Uint8Array(plaintext.length + TAG_BYTES);
  sealed.set(cipher.update(plaintext));
  cipher.final();
  sealed.set(cipher.getAuthTag(), plaintext.length);
  return sealed;
}

function decryptGcm({ key, nonce, aad }: CipherInput, sealed: Uint8Array): Uint8Array | undefined {
  const tagAt = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv(GCM, key, nonce, OPTIONS).setAAD(aad).setAuthTag(sealed.subarray(tagAt));
  const decrypted = decipher.update(sealed.subarray(0, tagAt)); // lies in a buffer that others share
  try {
    decipher.final();
    return new Uint8Array(decrypted);
  } catch {
    return undefined;
  } finally {
    decrypted.fill(0);
  }
}
