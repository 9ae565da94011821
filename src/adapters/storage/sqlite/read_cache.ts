import type { ReadSecret } from "#ports/secret_store.ts";

/** Sealed values up to this size are kept: a few megabytes in all. */
const MAX_BYTES = 4096;
const MAX_SECRETS = 1024;
/** How many names that were read once are remembered, as a number of 32 bits each; a power of two. */
const REMEMBERED = 4096;

/**
 * Current versions that were read more than once of late, sealed as they lie in the file. Nobody else can write the file
 * while it is open, so that they hold until this process writes: then all are forgotten. One that is read once, as in a
 * pass over very many, is not kept: to make room for it, and clear it away, costs more than it could save.
 */
export class ReadCache {
  readonly #secrets = new Map<string, ReadSecret>();
  readonly #readOnce = new Uint32Array(REMEMBERED);

  /** @param name Canonical. */
  get(name: string): ReadSecret | undefined {
    return this.#secrets.get(name);
  }

  add(name: string, read: ReadSecret): void {
    if (this.#isFirst(name) || (read.version?.sealed.ciphertext.length ?? Infinity) > MAX_BYTES) return;
    if (this.#secrets.size >= MAX_SECRETS) this.clear();
    this.#secrets.set(name, read);
  }

  clear(): void {
    this.#secrets.clear();
  }

  /** Now and then wrong, where two names have the same number or the same place. */
  #isFirst(name: string): boolean {
    const number = numberOf(name), place = number % REMEMBERED;
    const isKnown = this.#readOnce[place] === number;
    this.#readOnce[place] = number;
    return !isKnown;
  }
}

/** FNV-1a. */
function numberOf(name: string): number {
  let number = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) number = Math.imul(number ^ name.charCodeAt(i), 0x01000193);
  return number >>> 0;
}
