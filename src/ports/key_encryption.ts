/** What a wrapped data key is bound to; AWS KMS takes it as the encryption context. */
export interface KeyContext {
  /** Canonical name of the secret, `project/path`. */
  readonly secret: string;
  readonly version: number;
}

export interface WrappedKey {
  /** Of the key-encryption key that wraps it; goes into the record, and comes back to unwrap(). */
  readonly keyId: string;
  readonly wrapped: Uint8Array;
}

/**
 * Key-encryption keys: local ones, or those of a key-management service. The clear data keys that it hands out are
 * 32 bytes in buffers that the caller wipes.
 */
export interface KeyEncryption {
  /** Of the key that wraps new data keys. */
  readonly keyId: string;
  /** @throws {VaultError} UNAVAILABLE when the service cannot be reached, else what it refused. */
  generate(context: KeyContext): Promise<WrappedKey & { readonly dataKey: Uint8Array }>;
  /** @throws {VaultError} UNAVAILABLE as above; DATA_LOSS when the wrapped key is not what generate() made for this context. */
  unwrap(wrapped: WrappedKey, context: KeyContext): Promise<Uint8Array>;
  /** Wraps the same data key with the current key. */
  rewrap(wrapped: WrappedKey, context: KeyContext): Promise<WrappedKey>;
  /** When the service last rotated the current key, unix seconds; undefined where it never did or knows no rotations. */
  lastRotation(): Promise<number | undefined>;
  /** Wipes local keys, ends connections. */
  close(): Promise<void>;
}
