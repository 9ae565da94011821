import { setImmediate } from "node:timers";
import { VaultError } from "#errors/mod.ts";
import type { Database } from "./database.ts";
import { storeError } from "./sqlite_error.ts";

/** More commands than this wait for the next transaction, so that the event loop is not held for long. */
const MAX_GROUP = 128;

interface Waiting {
  /** Runs the command in the open transaction; what it returns settles the caller's promise after the commit. */
  readonly run: () => () => void;
  readonly fail: (reason: Error) => void;
}

/**
 * The one writer. Commands that come in two turns of the event loop, or while a commit holds it, share a transaction and one
 * flush to disk: a turn often ends between callers who waited for the same thing, and a flush takes as long as many turns.
 * Where one of them has to be undone all are, and each is done alone: one that is refused takes none with it. A caller hears
 * of success only after COMMIT.
 */
export class GroupWriter {
  #waiting: Waiting[] = [];
  /** Resolves when nothing waits; undefined while nothing does. */
  #idle: PromiseWithResolvers<void> | undefined;
  #isClosed = false;

  /** @param onCommit Called after each transaction, also one that was rolled back, before anybody can read. */
  constructor(readonly db: Database, readonly onCommit: () => void = () => {}) {}

  /** @param command Synchronous; whatever it throws undoes it alone. */
  write<T>(command: () => T): Promise<T> {
    if (this.#isClosed) return Promise.reject(new VaultError("UNAVAILABLE", "the secrets store is closed"));
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.push({
      run: () => {
        const result = command();
        return () => resolve(result);
      },
      fail: reject,
    });
    if (!this.#idle) {
      this.#idle = Promise.withResolvers();
      setImmediate(() => setImmediate(() => this.#flush()));
    }
    return promise;
  }

  /** Takes no more commands and resolves when those that wait are done. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#idle?.promise;
  }

  #flush(): void {
    this.#commit(this.#waiting.splice(0, MAX_GROUP));
    if (this.#waiting.length > 0) return void setImmediate(() => this.#flush());
    this.#idle?.resolve();
    this.#idle = undefined;
  }

  #commit(group: readonly Waiting[]): void {
    const settled: (() => void)[] = [];
    try {
      this.db.run("BEGIN IMMEDIATE");
      for (const command of group) settled.push(this.#runOne(command));
      this.db.run("COMMIT");
    } catch (reason) {
      this.#rollBack();
      // Nobody has been told anything yet: alone in a transaction each command meets its own failure, or none.
      if (group.length > 1) { for (const command of group) this.#commit([command]); }
      else group[0].fail(reason instanceof VaultError ? reason : storeError("nothing was changed", reason));
      return;
    } finally {
      this.onCommit();
    }
    for (const settle of settled) settle();
  }

  /** A refusal is the command's result, as long as there is nothing to undo; any other failure ends the transaction. */
  #runOne(command: Waiting): () => void {
    const before = this.db.changes;
    try {
      return command.run();
    } catch (reason) {
      if (!(reason instanceof VaultError) || this.db.changes > before) throw reason;
      return () => command.fail(reason);
    }
  }

  #rollBack(): void {
    try {
      if (this.db.isInTransaction) this.db.exec("ROLLBACK");
    } catch {
      // The connection is in no transaction, or the next BEGIN fails and tells.
    }
  }
}
