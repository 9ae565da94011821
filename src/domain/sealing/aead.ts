import { createCipheriv, createDecipheriv } from "node:crypto";
import { hchacha } from "@noble/ciphers/chacha.js";
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
export function encrypt(input: CipherInput, plaintext: Uint8Array): Uint8Array {
  return withNative(input, (native) => {
    const cipher = createCipheriv(native.name as "aes-256-gcm", native.key, native.nonce, OPTIONS).setAAD(input.aad);
    const sealed = new Uint8Array(plaintext.length + TAG_BYTES);
    sealed.set(cipher.update(plaintext));
    cipher.final();
    sealed.set(cipher.getAuthTag(), plaintext.length);
    return sealed;
  });
}

/**
 * @param sealed What encrypt() gave.
 * @returns The plaintext, in a buffer of its own; undefined when anything was changed.
 */
export function decrypt(input: CipherInput, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.length < TAG_BYTES) return undefined;
  return withNative(input, (native) => {
    const tagAt = sealed.length - TAG_BYTES;
    const decipher = createDecipheriv(native.name as "aes-256-gcm", native.key, native.nonce, OPTIONS);
    decipher.setAAD(input.aad).setAuthTag(sealed.subarray(tagAt));
    const decrypted = decipher.update(sealed.subarray(0, tagAt)); // lies in a buffer that others share
    try {
      decipher.final();
      return new Uint8Array(decrypted);
    } catch {
      return undefined;
    } finally {
      decrypted.fill(0);
    }
  });
}

const OPTIONS = { authTagLength: TAG_BYTES };

/** What node:crypto, whose code is native and four times as fast as ours could be, knows a cipher by. */
interface Native {
  readonly name: "aes-256-gcm" | "chacha20-poly1305";
  readonly key: Uint8Array;
  /** 12 bytes. */
  readonly nonce: Uint8Array;
}

/** XChaCha20-Poly1305 is ChaCha20-Poly1305 with a key of its own for each nonce: draft-irtf-cfrg-xchacha-03, section 2.3. */
function withNative<T>({ algorithm, key, nonce }: CipherInput, work: (native: Native) => T): T {
  if (algorithm === "aes-256-gcm") return work({ name: "aes-256-gcm", key, nonce });
  try {
    deriveSubkey(key, nonce);
    REST.set(nonce.subarray(16), 4);
    return work({ name: "chacha20-poly1305", key: bytesOf(SUBKEY), nonce: REST });
  } finally {
    KEY.fill(0);
    SUBKEY.fill(0);
  }
}

/**
 * Room for the one derivation that is under way: buffers of its own would cost it more than the cipher does. As 32-bit
 * words, little-endian as the ciphers are and as every processor is that Deno runs on.
 */
const KEY = new Uint32Array(8), NONCE = new Uint32Array(4), SUBKEY = new Uint32Array(8);
/** Four zeros, and what of the nonce did not go into the subkey. */
const REST = new Uint8Array(12);
/** `expand 32-byte k` */
const SIGMA = new Uint32Array(new TextEncoder().encode("expand 32-byte k").buffer);

/** HChaCha20, the same draft, section 2.2. */
function deriveSubkey(key: Uint8Array, nonce: Uint8Array): void {
  bytesOf(KEY).set(key);
  bytesOf(NONCE).set(nonce.subarray(0, 16));
  hchacha(SIGMA, KEY, NONCE, SUBKEY);
}

function bytesOf({ buffer }: Uint32Array): Uint8Array {
  return new Uint8Array(buffer);
}
