import type { Pause } from "#ports/pause.ts";

const FIRST_PAUSE_MS = 100;
/** Pauses double this many times. Contract secrets.md A.17. */
const MAX_DOUBLINGS = 6;

export interface RetryOptions {
  /** Attempts after the first; 0 for none. */
  readonly maxRetries: number;
  readonly pause: Pause;
  /** In [0, 1). */
  readonly random: () => number;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
}

/** What the last attempt failed with, and how many there were. */
export class AttemptsFailed extends Error {
  override readonly name = "AttemptsFailed";

  constructor(readonly reason: unknown, readonly attempts: number) {
    super("all attempts failed");
  }
}

/**
 * Attempts anew after transient errors, with pauses of any length up to a limit that doubles ("full jitter"), so that the
 * callers of a service that comes back do not all ask at once.
 *
 * @throws {AttemptsFailed} after the last attempt, or the first that failed for good.
 */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  isTransient: (reason: unknown) => boolean,
  { maxRetries, pause, random, signal }: RetryOptions,
): Promise<T> {
  for (let attempts = 1;; attempts++) {
    try {
      return await attempt();
    } catch (reason) {
      if (attempts > maxRetries || signal.aborted || !isTransient(reason)) throw new AttemptsFailed(reason, attempts);
      const limit = FIRST_PAUSE_MS * 2 ** Math.min(attempts - 1, MAX_DOUBLINGS);
      await pause(random() * limit, signal).catch(() => {
        throw new AttemptsFailed(reason, attempts);
      });
    }
  }
}
