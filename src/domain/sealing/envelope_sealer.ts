import { VaultError } from "#errors/mod.ts";
import type { KeyContext, KeyEncryption } from "#ports/key_encryption.ts";
import { draw, type RandomBytes, systemRandom } from "#ports/random.ts";
import type { Sealer } from "#ports/sealer.ts";
import type { SealAlgorithm, SealedValue } from "#ports/secret_store.ts";
import { decrypt, encrypt, NONCE_BYTES } from "./aead.ts";
import { areEqual } from "./bytes.ts";

export interface EnvelopeOptions {
  readonly keys: KeyEncryption;
  /** For what is sealed from now on; each record tells its own. */
  readonly algorithm?: SealAlgorithm;
  readonly random?: RandomBytes;
  /** The rotation that new data keys are at least at, unix seconds; 0 while none is known (see RewrapService). */
  readonly rotationAt?: () => number;
}

const ENCODER = new TextEncoder();

/** What the ciphertext of a version is bound to: UTF-8 of `project/path:version`. Contract secrets.md A.16. */
export function additionalData(name: string, version: number): Uint8Array {
  return ENCODER.encode(`${name}:${version}`);
}

/** Envelope encryption: each version has a data key of its own, which a key-encryption key wraps. */
export class EnvelopeSealer implements Sealer {
  readonly #keys: KeyEncryption;
  readonly #algorithm: SealAlgorithm;
  readonly #random: RandomBytes;
  readonly #rotationAt: () => number;

  constructor(
    { keys, algorithm = "xchacha20-poly1305", random = systemRandom, rotationAt = () => 0 }: EnvelopeOptions,
  ) {
    this.#keys = keys;
    this.#algorithm = algorithm;
    this.#random = random;
    this.#rotationAt = rotationAt;
  }

  async seal(name: string, version: number, plaintext: Uint8Array): Promise<SealedValue> {
    const wrappedRotationAt = this.#rotationAt(); // before the key: a rotation in between is then seen as missing
    const { keyId, wrapped, dataKey } = await this.#keys.generate({ secret: name, version });
    try {
      const algorithm = this.#algorithm, aad = additionalData(name, version);
      const nonce = draw(this.#random, NONCE_BYTES[algorithm]);
      const ciphertext = encrypt({ algorithm, key: dataKey, nonce, aad }, plaintext);
      return { algorithm, keyId, wrappedKey: wrapped, nonce, ciphertext, aad, wrappedRotationAt };
    } finally {
      dataKey.fill(0);
    }
  }

  async open(name: string, version: number, sealed: SealedValue): Promise<Uint8Array> {
    const aad = additionalData(name, version);
    if (!areEqual(sealed.aad, aad)) throw damaged(name, version, "it was sealed under another name or version");
    // The algorithm comes from the record: what is no property of the table's own must not be looked up in it.
    const nonceBytes = Object.hasOwn(NONCE_BYTES, sealed.algorithm) ? NONCE_BYTES[sealed.algorithm] : undefined;
    if (nonceBytes === undefined) throw damaged(name, version, "its algorithm is not known");
    if (sealed.nonce.length !== nonceBytes) throw damaged(name, version, `its nonce is not of ${nonceBytes} bytes`);
    const key = await this.#unwrap({ secret: name, version }, sealed);
    try {
      const plaintext = decrypt({ algorithm: sealed.algorithm, key, nonce: sealed.nonce, aad }, sealed.ciphertext);
      if (plaintext === undefined) throw damaged(name, version, "authentication failed");
      return plaintext;
    } finally {
      key.fill(0);
    }
  }

  async #unwrap(context: KeyContext, { keyId, wrappedKey }: SealedValue): Promise<Uint8Array> {
    try {
      return await this.#keys.unwrap({ keyId, wrapped: wrappedKey }, context);
    } catch (reason) {
      if (reason instanceof VaultError && reason.code !== "DATA_LOSS") throw reason;
      throw damaged(context.secret, context.version, "its data key cannot be unwrapped", reason);
    }
  }
}

function damaged(name: string, version: number, why: string, cause?: unknown): VaultError {
  return new VaultError("DATA_LOSS", `secret '${name}' version ${version} cannot be opened: ${why}`, { cause });
}
