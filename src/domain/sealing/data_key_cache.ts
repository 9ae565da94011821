import type { Clock } from "#ports/clock.ts";
import type { KeyContext, KeyEncryption, WrappedKey } from "#ports/key_encryption.ts";

/** No more clear data keys than this are in memory at once. Contract secrets.md A.16. */
export const MAX_CACHED_KEYS = 16_384;

export interface DataKeyCacheOptions {
  readonly clock: Clock;
  /** From when a key was put in, however often it is used; 0 keeps none. */
  readonly ttlSeconds: number;
  /** At most and without: MAX_CACHED_KEYS. */
  readonly maxKeys?: number;
}

interface Entry {
  readonly dataKey: Uint8Array;
  /** On the monotonic clock, milliseconds. */
  readonly expiresAt: number;
}

/**
 * Key-encryption keys that remember the data keys they unwrapped: reads of these go on while the key service is away.
 * What is dropped is wiped; nothing outlives close().
 */
export class DataKeyCache implements KeyEncryption {
  readonly #keys: KeyEncryption;
  readonly #clock: Clock;
  readonly #ttlMs: number;
  readonly #maxKeys: number;
  readonly #entries = new Map<string, Entry>();
  /** Names of the entries from `#oldest` on, oldest first, and so the first to expire first: all live equally long. */
  #order: string[] = [];
  // Not the Map's own order: each look for its first entry would go over all that were deleted before it.
  #oldest = 0;
  #closed = false;

  constructor(keys: KeyEncryption, { clock, ttlSeconds, maxKeys = MAX_CACHED_KEYS }: DataKeyCacheOptions) {
    this.#keys = keys;
    this.#clock = clock;
    this.#ttlMs = ttlSeconds * 1000;
    this.#maxKeys = Math.min(maxKeys, MAX_CACHED_KEYS);
  }

  get keyId(): string {
    return this.#keys.keyId;
  }

  /** How many data keys are in memory. */
  get size(): number {
    return this.#entries.size;
  }

  generate(context: KeyContext): Promise<WrappedKey & { readonly dataKey: Uint8Array }> {
    this.dropExpired();
    return this.#keys.generate(context);
  }

  async unwrap(wrapped: WrappedKey, context: KeyContext): Promise<Uint8Array> {
    this.dropExpired();
    const name = nameOf(wrapped, context);
    const entry = this.#entries.get(name);
    if (entry) return entry.dataKey.slice();
    const dataKey = await this.#keys.unwrap(wrapped, context);
    return this.#add(name, dataKey) ? dataKey.slice() : dataKey;
  }

  rewrap(wrapped: WrappedKey, context: KeyContext): Promise<WrappedKey> {
    return this.#keys.rewrap(wrapped, context);
  }

  lastRotation(): Promise<number | undefined> {
    return this.#keys.lastRotation();
  }

  /** Wipes what has expired; every use does so, a timer may where uses are rare. */
  dropExpired(): void {
    const now = this.#clock.monotonic();
    while (this.#entries.size > 0 && this.#entries.get(this.#order[this.#oldest])!.expiresAt <= now) this.#dropOldest();
  }

  close(): Promise<void> {
    this.#closed = true; // an unwrap that is under way puts nothing in any more
    while (this.#entries.size > 0) this.#dropOldest();
    return this.#keys.close();
  }

  #add(name: string, dataKey: Uint8Array): boolean {
    // Two calls may have asked for the same key at once: the first one's entry stays, and its time.
    if (this.#ttlMs <= 0 || this.#maxKeys <= 0 || this.#closed || this.#entries.has(name)) return false;
    this.dropExpired();
    while (this.#entries.size >= this.#maxKeys) this.#dropOldest();
    this.#order.push(name);
    this.#entries.set(name, { dataKey, expiresAt: this.#clock.monotonic() + this.#ttlMs });
    return true;
  }

  #dropOldest(): void {
    const name = this.#order[this.#oldest++];
    this.#entries.get(name)!.dataKey.fill(0);
    this.#entries.delete(name);
    if (this.#oldest < MAX_CACHED_KEYS && this.#entries.size > 0) return;
    this.#order = this.#order.slice(this.#oldest);
    this.#oldest = 0;
  }
}

/** Everything that the key service would look at, so that a moved record finds nothing here that it would not find there. */
function nameOf({ keyId, wrapped }: WrappedKey, { secret, version }: KeyContext): string {
  return `${JSON.stringify([keyId, secret, version])}${wrapped.toBase64()}`;
}
