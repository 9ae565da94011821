import type { Clock } from "#ports/clock.ts";
import type { KeyContext, KeyEncryption, WrappedKey } from "#ports/key_encryption.ts";
import type { Timer } from "#ports/timer.ts";
import { areEqual } from "./bytes.ts";

/** No more clear data keys than this are in memory at once. Contract secrets.md A.16. */
export const MAX_CACHED_KEYS = 16_384;

export interface DataKeyCacheOptions {
  readonly clock: Clock;
  /** Keys expire while nobody calls, too. */
  readonly timer: Timer;
  /** From when a key was put in, however often it is used; 0 keeps none. */
  readonly ttlSeconds: number;
  /** At most and without: MAX_CACHED_KEYS. */
  readonly maxKeys?: number;
}

interface Entry {
  readonly wrapped: WrappedKey;
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
  readonly #timer: Timer;
  readonly #ttlMs: number;
  readonly #maxKeys: number;
  readonly #entries = new Map<string, Entry>();
  /** Names of the entries from `#oldest` on, oldest first, and so the first to expire first: all live equally long. */
  #order: string[] = [];
  // Not the Map's own order: each look for its first entry would go over all that were deleted before it.
  #oldest = 0;
  /** Calls the next sweep off; undefined while none is due. */
  #cancelSweep: (() => void) | undefined;
  #closed = false;

  constructor(keys: KeyEncryption, { clock, timer, ttlSeconds, maxKeys = MAX_CACHED_KEYS }: DataKeyCacheOptions) {
    this.#keys = keys;
    this.#clock = clock;
    this.#timer = timer;
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
    return this.#keys.generate(context);
  }

  unwrap(wrapped: WrappedKey, context: KeyContext): Promise<Uint8Array> {
    this.#dropExpired();
    const entry = this.#entries.get(nameOf(context));
    if (entry && areSame(entry.wrapped, wrapped)) return Promise.resolve(entry.dataKey.slice());
    return this.#ask(wrapped, context);
  }

  rewrap(wrapped: WrappedKey, context: KeyContext): Promise<WrappedKey> {
    return this.#keys.rewrap(wrapped, context);
  }

  lastRotation(): Promise<number | undefined> {
    return this.#keys.lastRotation();
  }

  close(): Promise<void> {
    this.#closed = true; // an unwrap that is under way puts nothing in any more
    this.#cancelSweep?.();
    while (this.#entries.size > 0) this.#dropOldest();
    return this.#keys.close();
  }

  async #ask(wrapped: WrappedKey, context: KeyContext): Promise<Uint8Array> {
    const dataKey = await this.#keys.unwrap(wrapped, context);
    return this.#add(nameOf(context), { wrapped, dataKey }) ? dataKey.slice() : dataKey;
  }

  #add(name: string, { wrapped, dataKey }: Pick<Entry, "wrapped" | "dataKey">): boolean {
    if (this.#ttlMs <= 0 || this.#maxKeys <= 0 || this.#closed) return false;
    this.#dropExpired();
    const known = this.#entries.get(name);
    // Two calls may have asked for the same key at once: the first one's entry stays. One that was wrapped anew takes the
    // place and the time of the one before.
    if (known && areSame(known.wrapped, wrapped)) return false;
    known?.dataKey.fill(0);
    if (!known) this.#makeRoom(name);
    this.#entries.set(name, { wrapped, dataKey, expiresAt: known?.expiresAt ?? this.#clock.monotonic() + this.#ttlMs });
    this.#cancelSweep ??= this.#timer(() => this.#sweep(), this.#ttlMs);
    return true;
  }

  #makeRoom(name: string): void {
    while (this.#entries.size >= this.#maxKeys) this.#dropOldest();
    this.#order.push(name);
  }

  #sweep(): void {
    this.#dropExpired();
    const next = this.#entries.get(this.#order[this.#oldest]);
    this.#cancelSweep = next && this.#timer(() => this.#sweep(), next.expiresAt - this.#clock.monotonic());
  }

  #dropExpired(): void {
    const now = this.#clock.monotonic();
    while (this.#entries.size > 0 && this.#entries.get(this.#order[this.#oldest])!.expiresAt <= now) this.#dropOldest();
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

/** No secret's name has a colon. */
function nameOf({ secret, version }: KeyContext): string {
  return `${secret}:${version}`;
}

/** With the name, everything that the key service would look at: a moved record finds nothing here either. */
function areSame(a: WrappedKey, b: WrappedKey): boolean {
  return a.keyId === b.keyId && areEqual(a.wrapped, b.wrapped);
}
