import type { Clock } from "#ports/clock.ts";
import type { RateLimit } from "./rate_limit.ts";

const FIRST_CAPACITY = 8;

/**
 * One caller's rate limit: the times of the calls accepted during the last window.
 *
 * A check costs O(1), amortised. The times lie in a ring that grows with use and never beyond `maxCalls` entries of
 * 8 bytes, so that a flood of refused calls takes no memory.
 */
export class SlidingWindow {
  readonly #maxCalls: number;
  readonly #windowMs: number;
  readonly #clock: Clock;
  #times = new Float64Array(0);
  #first = 0;
  #count = 0;

  constructor({ maxCalls, windowSeconds }: RateLimit, clock: Clock) {
    this.#maxCalls = maxCalls;
    this.#windowMs = windowSeconds * 1000;
    this.#clock = clock;
  }

  /** Takes one slot, or returns false and records nothing when none is left. */
  tryAcquire(): boolean {
    const now = this.#clock.monotonic();
    this.#dropOlderThan(now - this.#windowMs);
    if (this.#count >= this.#maxCalls) return false;
    if (this.#count === this.#times.length) this.#grow();
    this.#times[(this.#first + this.#count) % this.#times.length] = now;
    this.#count += 1;
    return true;
  }

  /** Whole seconds until the oldest recorded call leaves the window, rounded down; 0 when none is recorded. */
  retryAfterSeconds(): number {
    if (this.#count === 0) return 0;
    const age = this.#clock.monotonic() - this.#times[this.#first];
    return Math.max(0, Math.floor((this.#windowMs - age) / 1000));
  }

  /** A call exactly one window old has left it. */
  #dropOlderThan(limit: number): void {
    while (this.#count > 0 && this.#times[this.#first] <= limit) {
      this.#first = (this.#first + 1) % this.#times.length;
      this.#count -= 1;
    }
  }

  #grow(): void {
    const capacity = Math.min(Math.max(FIRST_CAPACITY, this.#times.length * 2), this.#maxCalls);
    const grown = new Float64Array(capacity);
    for (let i = 0; i < this.#count; i++) grown[i] = this.#times[(this.#first + i) % this.#times.length];
    this.#times = grown;
    this.#first = 0;
  }
}
