/** The time of day, injected so that expiry, limits and rotation can be tested without waiting. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z; jumps when the host's clock is set. */
  now(): number;
  /** Milliseconds from an origin of its own; never runs backwards. */
  monotonic(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};
