/**
 * The secrets engine's store: sealed records only, no plaintext ever. Times called `…At` are unix seconds where they
 * schedule something (`nextRotationAt`, `expiresAt`) and unix milliseconds where they only tell (`createdAt`, `updatedAt`).
 *
 * @module
 */

/** Checked by parseAddress() alone; the canonical name is `project/path`. */
export interface SecretAddress {
  readonly project: string;
  readonly path: string;
}

export interface Project {
  readonly id: number;
  readonly name: string;
  readonly description: string | null;
  readonly isDefault: boolean;
  readonly createdAt: number;
  readonly createdBy: string;
}

export type SecretKind = "manual" | "automatic";
export type SecretFormat = "opaque" | "userpass";

/** A secret without its value. */
export interface SecretRecord extends SecretAddress {
  readonly id: number;
  readonly kind: SecretKind;
  readonly format: SecretFormat;
  readonly description: string | null;
  readonly rotationIntervalSeconds: number | null;
  readonly graceSeconds: number;
  /** From 1. */
  readonly currentVersion: number;
  readonly nextRotationAt: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly updatedBy: string;
}

export type SealAlgorithm = "xchacha20-poly1305" | "aes-256-gcm";

/** One sealed value: a data key of its own, wrapped by a key-encryption key. */
export interface SealedValue {
  readonly algorithm: SealAlgorithm;
  readonly keyId: string;
  readonly wrappedKey: Uint8Array;
  /** 24 bytes for XChaCha20-Poly1305, 12 for AES-256-GCM. */
  readonly nonce: Uint8Array;
  /** With its 16-byte tag at the end. */
  readonly ciphertext: Uint8Array;
  /** UTF-8 of `project/path:version`. */
  readonly aad: Uint8Array;
  /** The key service's rotation that the wrapped key is known to be at, unix seconds; null: not known. */
  readonly wrappedRotationAt: number | null;
}

export interface SecretVersion {
  readonly version: number;
  readonly sealed: SealedValue;
  readonly createdAt: number;
  readonly createdBy: string;
  /** End of its grace: null for the current version. */
  readonly expiresAt: number | null;
}
