import { VaultError } from "#errors/mod.ts";
import type { KeyContext, KeyEncryption, WrappedKey } from "#ports/key_encryption.ts";
import { draw, type RandomBytes, systemRandom } from "#ports/random.ts";
import { decrypt, encrypt, NONCE_BYTES as NONCES, TAG_BYTES } from "./aead.ts";

const ALGORITHM = "xchacha20-poly1305", KEY_BYTES = 32, NONCE_BYTES = NONCES[ALGORITHM];
/** Nonce, wrapped data key and tag. */
const WRAPPED_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES;
/** As hyperion-vault has it, so that its records open here. */
const AAD = new TextEncoder().encode("pg_vault:dek-wrap:v1");

export interface LocalKeysOptions {
  /** Of the master key that wraps new data keys. */
  readonly keyId: string;
  /** Master keys of 32 bytes by id, the current and all previous ones; taken over, wiped by close(). */
  readonly keys: ReadonlyMap<string, Uint8Array>;
  readonly random?: RandomBytes;
}

/**
 * Key-encryption keys that the vault holds itself: XChaCha20-Poly1305 under a master key. Contract secrets.md A.17, mode
 * `local`; the context is not bound here, since the sealed value is.
 */
export class LocalKeys implements KeyEncryption {
  readonly keyId: string;
  readonly #keys: Map<string, Uint8Array>;
  readonly #random: RandomBytes;

  /** @throws {VaultError} INVALID_ARGUMENT without a key for `keyId`, or with one that has not 32 bytes. */
  constructor({ keyId, keys, random = systemRandom }: LocalKeysOptions) {
    for (const [id, { length }] of keys) {
      if (length !== KEY_BYTES) {
        throw new VaultError("INVALID_ARGUMENT", `master key '${id}' has not ${KEY_BYTES} bytes`);
      }
    }
    if (!keys.has(keyId)) throw new VaultError("INVALID_ARGUMENT", `no master key for key id '${keyId}'`);
    this.keyId = keyId;
    this.#keys = new Map(keys);
    this.#random = random;
  }

  generate(_context: KeyContext): Promise<WrappedKey & { readonly dataKey: Uint8Array }> {
    return Promise.try(() => {
      const dataKey = draw(this.#random, KEY_BYTES);
      return { keyId: this.keyId, wrapped: this.#wrap(dataKey), dataKey };
    });
  }

  unwrap(wrapped: WrappedKey, _context: KeyContext): Promise<Uint8Array> {
    return Promise.try(() => this.#unwrap(wrapped));
  }

  rewrap(wrapped: WrappedKey, _context: KeyContext): Promise<WrappedKey> {
    return Promise.try(() => {
      const dataKey = this.#unwrap(wrapped);
      try {
        return { keyId: this.keyId, wrapped: this.#wrap(dataKey) };
      } finally {
        dataKey.fill(0);
      }
    });
  }

  lastRotation(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  close(): Promise<void> {
    for (const key of this.#keys.values()) key.fill(0);
    this.#keys.clear(); // a zeroed key must not wrap anything
    return Promise.resolve();
  }

  #wrap(dataKey: Uint8Array): Uint8Array {
    const nonce = draw(this.#random, NONCE_BYTES);
    const wrapped = new Uint8Array(WRAPPED_BYTES);
    wrapped.set(nonce);
    const key = this.#masterKey(this.keyId);
    wrapped.set(encrypt({ algorithm: ALGORITHM, key, nonce, aad: AAD }, dataKey), NONCE_BYTES);
    return wrapped;
  }

  #unwrap({ keyId, wrapped }: WrappedKey): Uint8Array {
    const key = this.#masterKey(keyId);
    if (wrapped.length !== WRAPPED_BYTES) {
      throw new VaultError("DATA_LOSS", `a data key that master key '${keyId}' wrapped has not ${WRAPPED_BYTES} bytes`);
    }
    const nonce = wrapped.subarray(0, NONCE_BYTES);
    const dataKey = decrypt({ algorithm: ALGORITHM, key, nonce, aad: AAD }, wrapped.subarray(NONCE_BYTES));
    if (!dataKey) throw new VaultError("DATA_LOSS", `master key '${keyId}' does not open this data key`);
    return dataKey;
  }

  #masterKey(keyId: string): Uint8Array {
    const key = this.#keys.get(keyId);
    if (key) return key;
    if (this.#keys.size === 0) throw new VaultError("UNAVAILABLE", "the master keys are closed");
    throw new VaultError(
      "UNAVAILABLE",
      `no master key '${keyId}': name its file in secrets.kms.previous_keys until everything is re-wrapped`,
    );
  }
}
