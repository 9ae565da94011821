import { messageOf, VaultError } from "#errors/mod.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { DamagedRecord, DuePosition, Scanned, SecretRecord, SecretStore } from "#ports/secret_store.ts";
import { canonicalName } from "./address.ts";
import { unixSeconds } from "./schedule.ts";
import { KEEP_VERSIONS, type SecretEngine } from "./secret_engine.ts";

/** Who rotates, in the records and the audit log. */
export const ROTATION_ACTOR = "rotation-worker";
/** At most so many secrets are rotated in one tick, and so many versions removed; the next goes on from there. */
const TICK_LIMIT = 500;
const READ_AT_ONCE = 50;

/** Calls back at regular times until the function that it returns is called. */
export type Every = (callback: () => void) => () => void;

/** One rotation, done or failed. */
export interface Rotation {
  /** Canonical name. */
  readonly name: string;
  /** The new version; undefined when it failed. */
  readonly version?: number;
  /** Why it failed; quotes no value. */
  readonly error?: string;
}

export interface RotationWorkerParts {
  readonly engine: SecretEngine;
  readonly store: SecretStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Told of each rotation before the next begins, for the audit log; when it rejects, the tick ends. */
  readonly onRotation?: (rotation: Rotation) => Promise<void>;
}

export interface TickResult {
  readonly rotated: number;
  readonly failed: number;
  /** Versions removed. */
  readonly purged: number;
}

/** Removes expired versions and rotates automatic secrets that are due, contract secrets.md A.8. */
export class RotationWorker {
  readonly #parts: RotationWorkerParts;
  readonly #keepVersions: number;
  /** Where the next tick goes on, so that many failing secrets do not keep the others from their turn. */
  #position: DuePosition | undefined;
  #running: Promise<TickResult> | undefined;
  #isStopped = false;
  #cancel: () => void = () => {};

  constructor(parts: RotationWorkerParts, { keepVersions = KEEP_VERSIONS }: { readonly keepVersions?: number } = {}) {
    this.#parts = parts;
    this.#keepVersions = keepVersions;
  }

  /** Ticks now and then each time that `every` calls; a call while a tick runs is skipped. */
  start(every: Every): void {
    void this.tick();
    this.#cancel = every(() => void this.tick());
  }

  /** One pass, or the one that runs. A secret whose rotation fails is logged and tried again later. Never rejects. */
  tick(): Promise<TickResult> {
    this.#running ??= this.#tick().finally(() => this.#running = undefined);
    return this.#running;
  }

  /** Begins nothing more, and resolves when what was begun has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel();
    await this.#running;
  }

  async #tick(): Promise<TickResult> {
    const count = { rotated: 0, failed: 0, purged: 0 };
    if (this.#isStopped) return count;
    const { store, clock, log } = this.#parts, now = unixSeconds(clock.now());
    try {
      count.purged = await store.purgeVersions(now, this.#keepVersions, TICK_LIMIT);
      for (let left = TICK_LIMIT; left > 0 && !this.#isStopped;) {
        const limit = Math.min(left, READ_AT_ONCE);
        const due = await store.listDue(now, limit, this.#position);
        await this.#rotateAll(due, count);
        left -= due.length;
        if (due.length < limit) {
          this.#position = undefined;
          break;
        }
      }
    } catch (reason) {
      log("error", `secrets: rotation stopped and will be tried again: ${messageOf(reason)}`);
    }
    return count;
  }

  async #rotateAll(due: readonly Scanned<SecretRecord, DuePosition>[], count: { rotated: number; failed: number }) {
    for (const { record, position } of due) {
      if (this.#isStopped) return;
      const { onRotation, log } = this.#parts, rotation = await this.#rotate(record);
      this.#position = position;
      if (!rotation) continue;
      if (rotation.error === undefined) count.rotated += 1;
      else {
        count.failed += 1;
        log("warn", `secrets: '${rotation.name}' could not be rotated and will be tried again: ${rotation.error}`);
      }
      await onRotation?.(rotation);
    }
  }

  /** Undefined when the secret was changed or deleted since it was found due, or its interval was. */
  async #rotate(record: SecretRecord | DamagedRecord): Promise<Rotation | undefined> {
    if ("damage" in record) return { name: record.name, error: record.damage.message };
    const name = canonicalName(record);
    try {
      const options = { expectedVersion: record.currentVersion, onlyIfDue: true };
      using opened = await this.#parts.engine.rotate(record, ROTATION_ACTOR, options);
      return { name, version: opened.version.version };
    } catch (reason) {
      if (reason instanceof VaultError && ["ABORTED", "NOT_FOUND"].includes(reason.code)) return undefined;
      return { name, error: messageOf(reason) };
    }
  }
}
