/** A store that keeps what it is given; part of no program. @module */
import type { LockoutRecord, LockoutStore } from "#ports/lockout_store.ts";

export class MemoryLockoutStore implements LockoutStore {
  readonly records = new Map<string, LockoutRecord>();
  failure: Error | undefined;
  /** How often something was written. */
  saves = 0;

  load(): Promise<LockoutRecord[]> {
    return Promise.resolve([...this.records.values()]);
  }

  async save(records: readonly LockoutRecord[], removed: readonly string[]): Promise<void> {
    await Promise.resolve();
    if (this.failure) throw this.failure;
    this.saves += 1;
    for (const record of records) this.records.set(record.address, record);
    for (const address of removed) this.records.delete(address);
  }
}
