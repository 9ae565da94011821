import type { LockoutSettings } from "./lockout.ts";

/** What is known of one address. Times are the monotonic clock's, in milliseconds. */
export interface FailureState {
  readonly failures: number;
  readonly windowStart: number;
  /** Undefined while the address is not locked. */
  readonly lockedUntil?: number;
}

/** Most addresses of each kind: a few megabytes. */
export const MAX_ADDRESSES = 65_536;

/**
 * Failures by address, within bounds whatever many addresses do: those that merely count and those that are locked have
 * a share each, and a full share drops its oldest. So no number of failures from elsewhere frees a locked address; that
 * takes locking as many addresses as the share holds.
 */
export class FailureTable {
  readonly #counting = new Map<string, FailureState>();
  readonly #locked = new Map<string, FailureState>();

  constructor(readonly settings: LockoutSettings, readonly maxAddresses = MAX_ADDRESSES) {}

  /** The state now: a lock or a window that has ended is gone, and a count outlives its lock until its window ends. */
  get(address: string, now: number): FailureState | undefined {
    const state = this.#locked.get(address) ?? this.#counting.get(address);
    if (!state) return undefined;
    const { failures, windowStart, lockedUntil } = state;
    if (lockedUntil !== undefined && now < lockedUntil) return state;
    if (now - windowStart < this.settings.windowSeconds * 1000) return { failures, windowStart };
    this.delete(address);
    return undefined;
  }

  set(address: string, state: FailureState): void {
    this.delete(address); // so that the newest is the last
    const share = state.lockedUntil === undefined ? this.#counting : this.#locked;
    if (share.size >= this.maxAddresses) share.delete(share.keys().next().value!);
    share.set(address, state);
  }

  delete(address: string): boolean {
    return [this.#counting.delete(address), this.#locked.delete(address)].includes(true);
  }

  clear(): void {
    this.#counting.clear();
    this.#locked.clear();
  }

  /** All that is still of account, oldest first, locked addresses before others. */
  entries(now: number): [string, FailureState][] {
    return [...this.#locked.keys(), ...this.#counting.keys()].flatMap((address) => {
      const state = this.get(address, now);
      return state ? [[address, state]] : [];
    });
  }
}
