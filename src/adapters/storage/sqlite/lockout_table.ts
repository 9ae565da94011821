import type { LockoutRecord, LockoutStore } from "#ports/lockout_store.ts";
import type { Database } from "./database.ts";
import type { GroupWriter } from "./group_writer.ts";
import { storeError } from "./sqlite_error.ts";

/** Times are unix milliseconds. Whoever may write the file may also delete a row, so that no digest guards them. */
export const LOCKOUT_SCHEMA = `
CREATE TABLE lockouts (
  address TEXT PRIMARY KEY,
  failures INTEGER NOT NULL,
  window_started_at INTEGER NOT NULL,
  locked_until INTEGER
) STRICT, WITHOUT ROWID;
`;

const SAVE = "INSERT OR REPLACE INTO lockouts (address, failures, window_started_at, locked_until) VALUES (?, ?, ?, ?)";

/** Lockouts beside the secrets, of this node alone: snapshots leave them out. */
export class LockoutTable implements LockoutStore {
  constructor(readonly db: Database, readonly writer: GroupWriter) {}

  load(): Promise<LockoutRecord[]> {
    return Promise.try(() => {
      try {
        return this.db.all("SELECT address, failures, window_started_at, locked_until FROM lockouts").map((row) => ({
          address: String(row[0]),
          failures: Number(row[1]),
          windowStartedAt: Number(row[2]),
          lockedUntil: row[3] === null ? null : Number(row[3]),
        }));
      } catch (reason) {
        throw storeError("lockouts cannot be read", reason);
      }
    });
  }

  save(records: readonly LockoutRecord[], removed: readonly string[]): Promise<void> {
    return this.writer.write(() => {
      for (const { address, failures, windowStartedAt, lockedUntil } of records) {
        this.db.run(SAVE, address, failures, windowStartedAt, lockedUntil);
      }
      for (const address of removed) this.db.run("DELETE FROM lockouts WHERE address = ?", address);
    });
  }
}
