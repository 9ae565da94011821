import { messageOf, VaultError } from "#errors/mod.ts";
import type { KeyStore } from "#ports/key_store.ts";

type PublicKeyFile = "EncKey.json" | "EvalKey.json";

/**
 * The public key files as JSON string literals, ready to be put into a key bundle. A replaced file shows with the next
 * call; an unchanged one is neither read nor escaped again, since the evaluation key is megabytes long.
 */
export class PublicKeys {
  readonly #cache = new Map<PublicKeyFile, { version: string; literal: Uint8Array }>();

  constructor(readonly store: KeyStore) {}

  /**
   * @returns UTF-8 bytes, quotes included; undefined when there is no such file.
   * @throws {VaultError} INTERNAL when it cannot be read.
   */
  async literalOf(file: PublicKeyFile): Promise<Uint8Array | undefined> {
    try {
      return await this.#load(file);
    } catch (reason) {
      // What follows the system's text is the path, which is none of the caller's business.
      const [text] = messageOf(reason).split(": ", 1);
      throw new VaultError("INTERNAL", `crypto: read ${file}: ${text}`, { cause: reason });
    }
  }

  async #load(file: PublicKeyFile): Promise<Uint8Array | undefined> {
    const version = await this.store.version(file);
    if (version === undefined) return undefined;
    const cached = this.#cache.get(file);
    if (cached?.version === version) return cached.literal;
    const text = await this.store.read(file);
    if (text === undefined) return undefined;
    const literal = new TextEncoder().encode(JSON.stringify(new TextDecoder().decode(text)));
    this.#cache.set(file, { version, literal });
    return literal;
  }
}
