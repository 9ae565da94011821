/** Where lockouts survive a restart. Times are unix milliseconds. */

export interface LockoutRecord {
  /** Canonical text of the client's address. */
  readonly address: string;
  /** Failures in the window, from 1. */
  readonly failures: number;
  /** Of the window's first failure. */
  readonly windowStartedAt: number;
  /** Null while not locked. */
  readonly lockedUntil: number | null;
}

export interface LockoutStore {
  load(): Promise<readonly LockoutRecord[]>;
  /**
   * Writes the records, each in place of the one with its address, and forgets the addresses in `removed`: all or nothing.
   *
   * Resolves when it would survive a power cut.
   */
  save(records: readonly LockoutRecord[], removed: readonly string[]): Promise<void>;
}
