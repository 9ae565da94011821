import type { Sealer } from "#ports/sealer.ts";
import type { SealedValue } from "#ports/secret_store.ts";
import type { RandomBytes } from "#ports/random.ts";
import { generatedValue } from "./generated_value.ts";
import { wipe } from "./wipe.ts";

/** No secret's name, since it has no `/`. */
const NAME = "decoy";
const VERSION = 1;

/** A sealed value that nobody knows: what is opened when a secret that does not exist is to be verified. */
export class Decoy {
  #sealed: Promise<SealedValue> | undefined;

  constructor(readonly sealer: Sealer, readonly random: RandomBytes) {}

  /** In a buffer that the caller wipes. */
  async open(): Promise<Uint8Array> {
    this.#sealed ??= this.#seal();
    return await this.sealer.open(NAME, VERSION, await this.#sealed);
  }

  async #seal(): Promise<SealedValue> {
    const value = generatedValue(this.random);
    try {
      return await this.sealer.seal(NAME, VERSION, value);
    } catch (reason) {
      this.#sealed = undefined;
      throw reason;
    } finally {
      wipe(value);
    }
  }
}
