import type { ReadSecret } from "#ports/secret_store.ts";

/** Sealed values up to this size are kept: a few megabytes in all. */
const MAX_BYTES = 4096;
const MAX_SECRETS = 1024;

/**
 * Current versions that were read of late, sealed as they lie in the file. Nobody else can write the file while it is
 * open, so that they hold until this process writes: then all are forgotten.
 */
export class ReadCache {
  readonly #secrets = new Map<string, ReadSecret>();

  /** @param name Canonical. */
  get(name: string): ReadSecret | undefined {
    return this.#secrets.get(name);
  }

  add(name: string, read: ReadSecret): void {
    if ((read.version?.sealed.ciphertext.length ?? Infinity) > MAX_BYTES) return;
    if (this.#secrets.size >= MAX_SECRETS) this.clear();
    this.#secrets.set(name, read);
  }

  clear(): void {
    this.#secrets.clear();
  }
}
