import { createCipheriv, createDecipheriv } from "node:crypto";
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import type { SealAlgorithm } from "#ports/secret_store.ts";

/** Bytes of the nonce: long enough to be random (XChaCha20), or random for one message under each key (GCM). */
export const NONCE_BYTES: Readonly<Record<SealAlgorithm, number>> = { "xchacha20-poly1305": 24, "aes-256-gcm": 12 };
export const TAG_BYTES = 16;

/** What both directions of an authenticated cipher need. */
export interface CipherInput {
  readonly algorithm: SealAlgorithm;
  /** 32 bytes. */
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly aad: Uint8Array;
}

/** @returns The ciphertext, of the plaintext's length, and its 16-byte tag. */
export function encrypt({ algorithm, key, nonce, aad }: CipherInput, plaintext: Uint8Array): Uint8Array {
  if (algorithm === "xchacha20-poly1305") return xchacha20poly1305(key, nonce, aad).encrypt(plaintext);
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES }).setAAD(aad);
  const sealed = new Uint8Array(plaintext.length + TAG_BYTES);
  sealed.set(cipher.update(plaintext));
  cipher.final();
  sealed.set(cipher.getAuthTag(), plaintext.length);
  return sealed;
}

/**
 * @param sealed What encrypt() gave.
 * @returns The plaintext, in a buffer of its own; undefined when anything was changed.
 */
export function decrypt({ algorithm, key, nonce, aad }: CipherInput, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.length < TAG_BYTES) return undefined;
  return algorithm === "xchacha20-poly1305"
    ? decryptXChaCha({ key, nonce, aad }, sealed)
    : decryptGcm({ key, nonce, aad }, sealed);
}

function decryptXChaCha({ key, nonce, aad }: Omit<CipherInput, "algorithm">, sealed: Uint8Array) {
  const cipher = xchacha20poly1305(key, nonce, aad);
  try {
    return cipher.decrypt(sealed); // checks the tag before it decrypts
  } catch {
    return undefined;
  }
}

function decryptGcm({ key, nonce, aad }: Omit<CipherInput, "algorithm">, sealed: Uint8Array) {
  const tagAt = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(aad).setAuthTag(sealed.subarray(tagAt));
  const decrypted = decipher.update(sealed.subarray(0, tagAt)); // lies in a buffer that others share
  try {
    decipher.final();
    return Uint8Array.from(decrypted);
  } catch {
    return undefined;
  } finally {
    decrypted.fill(0);
  }
}
