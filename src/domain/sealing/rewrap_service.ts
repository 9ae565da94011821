import { messageOf, VaultError } from "#errors/mod.ts";
import type { Clock } from "#ports/clock.ts";
import type { KeyEncryption } from "#ports/key_encryption.ts";
import type { Log } from "#ports/log.ts";
import { nextTurn, type Pause, systemPause } from "#ports/pause.ts";
import type { DamagedRecord, RewrapState, SecretStore, StoredVersion, VersionPosition } from "#ports/secret_store.ts";

/** What re-wrapping needs of the store. */
export type RewrapStore = Pick<
  SecretStore,
  "scanVersions" | "replaceWrapping" | "countWrappings" | "readRewrapState" | "saveRewrapState"
>;

/** Calls back at regular times until the function that it returns is called. */
export type Every = (callback: () => void) => () => void;

export interface RewrapServiceParts {
  readonly store: RewrapStore;
  readonly keys: KeyEncryption;
  readonly clock: Clock;
  readonly log: Log;
  readonly pause?: Pause;
}

export interface RewrapServiceOptions {
  /** Whether start() looks for rotations. */
  readonly isEnabled?: boolean;
  /** Versions attempted in a second; 0 for no limit. */
  readonly maxPerSecond?: number;
}

export interface RewrapResult {
  readonly scanned: number;
  readonly rewrapped: number;
  readonly failed: number;
  /** The rotation that all versions are at when none failed, unix seconds; null when the service knows none. */
  readonly targetRotationAt: number | null;
}

export interface RewrapStatus {
  readonly enabled: boolean;
  readonly busy: boolean;
  /** The key that versions should be wrapped with. */
  readonly keyId: string;
  /** Unix seconds, as the next. */
  readonly lastCompletedRotationAt: number | null;
  /** Null also while the service cannot be asked. */
  readonly latestRotationAt: number | null;
  readonly totalVersions: number;
  readonly pendingVersions: number;
}

const SCANNED_AT_ONCE = 100;

/**
 * Brings wrapped data keys to the current key and its latest rotation; values, nonces and their binding stay as they are.
 * Contract secrets.md A.18.
 */
export class RewrapService {
  readonly #parts: Required<RewrapServiceParts>;
  readonly #isEnabled: boolean;
  readonly #pauseMs: number;
  readonly #stopping = new AbortController();
  #state: RewrapState | undefined;
  /** The latest rotation seen: what is wrapped from now on is wrapped after it. */
  #seenRotationAt: number;
  #running: Promise<RewrapResult> | undefined;
  #ticking: Promise<void> | undefined;
  #cancel: () => void = () => {};

  private constructor(
    parts: RewrapServiceParts,
    { isEnabled = false, maxPerSecond = 10 }: RewrapServiceOptions,
    state: RewrapState | undefined,
  ) {
    this.#parts = { pause: systemPause, ...parts };
    this.#isEnabled = isEnabled;
    this.#pauseMs = maxPerSecond > 0 ? Math.floor(1000 / maxPerSecond) : 0;
    this.#state = state;
    this.#seenRotationAt = state?.lastCompletedRotationAt ?? 0;
  }

  static async open(parts: RewrapServiceParts, options: RewrapServiceOptions = {}): Promise<RewrapService> {
    return new RewrapService(parts, options, await stateOf(parts));
  }

  /** For EnvelopeSealer: the rotation that a data key wrapped from now on is at or after, unix seconds; 0 for none. */
  get rotationAt(): number {
    return this.#seenRotationAt;
  }

  /** Ticks now and then each time that `every` calls, when enabled. */
  start(every: Every): void {
    if (!this.#isEnabled) return;
    void this.tick();
    this.#cancel = every(() => void this.tick());
  }

  /**
   * Follows the service's rotations: takes the first that it sees as done, and begins a pass after each later one.
   * Resolves with the tick that runs, if one does. Never rejects; what failed is logged and tried again with the next.
   */
  tick(): Promise<void> {
    this.#ticking ??= this.#tick().finally(() => this.#ticking = undefined);
    return this.#ticking;
  }

  /**
   * One pass over all versions.
   *
   * @throws {VaultError} FAILED_PRECONDITION while a pass runs; UNAVAILABLE when the key service is away, or at the end.
   */
  async rewrap(): Promise<RewrapResult> {
    if (this.#running) throw new VaultError("FAILED_PRECONDITION", "a re-wrap pass is already running");
    this.#running = this.#pass();
    try {
      return await this.#running;
    } finally {
      this.#running = undefined;
    }
  }

  async status(): Promise<RewrapStatus> {
    const { store, keys } = this.#parts;
    const lastCompletedRotationAt = this.#state?.lastCompletedRotationAt ?? null;
    const latest = await this.#latestRotation().catch(() => undefined), latestRotationAt = latest ?? null;
    const target = (latest === undefined ? lastCompletedRotationAt : latest) ?? 0;
    let totalVersions = 0, pendingVersions = 0;
    for (const { versions, ...wrapping } of await store.countWrappings()) {
      totalVersions += versions;
      if (this.#isPending(wrapping, target)) pendingVersions += versions;
    }
    const busy = this.#running !== undefined;
    const rotations = { lastCompletedRotationAt, latestRotationAt };
    return { enabled: this.#isEnabled, busy, keyId: keys.keyId, ...rotations, totalVersions, pendingVersions };
  }

  /** Ends the pass under way after the version that it is at. */
  async stop(): Promise<void> {
    this.#cancel();
    this.#stopping.abort(new VaultError("UNAVAILABLE", "the vault is stopping"));
    await Promise.allSettled([this.#running, this.#ticking]); // whoever began the pass is told of its end
  }

  async #tick(): Promise<void> {
    if (this.#running || this.#stopping.signal.aborted) return;
    try {
      const latest = await this.#latestRotation(), completed = this.#state?.lastCompletedRotationAt ?? null;
      if (latest === null || (completed !== null && latest <= completed)) return;
      if (completed === null) await this.#complete(latest, null);
      else await this.rewrap();
    } catch (reason) {
      this.#parts.log("warn", `secrets: re-wrapping stopped and will be tried again: ${messageOf(reason)}`);
    }
  }

  async #pass(): Promise<RewrapResult> {
    const targetRotationAt = await this.#latestRotation(), target = targetRotationAt ?? 0;
    const count = { scanned: 0, rewrapped: 0, failed: 0 };
    let after: VersionPosition | undefined;
    do {
      const page = await this.#parts.store.scanVersions(SCANNED_AT_ONCE, after);
      for (const { record } of page) {
        this.#stopping.signal.throwIfAborted();
        count.scanned++;
        await this.#visit(record, target, count);
      }
      after = page.length === SCANNED_AT_ONCE ? page.at(-1)?.position : undefined;
      await nextTurn();
    } while (after);
    if (targetRotationAt !== null && count.failed === 0) await this.#complete(targetRotationAt, this.#now());
    return { ...count, targetRotationAt };
  }

  async #visit(
    record: StoredVersion | DamagedRecord,
    target: number,
    count: { rewrapped: number; failed: number },
  ): Promise<void> {
    if (!("damage" in record) && !this.#isPending(record.sealed, target)) return;
    try {
      if ("damage" in record) throw record.damage;
      if (await this.#renew(record)) count.rewrapped++;
    } catch (reason) {
      count.failed++;
      const version = "damage" in record ? "" : ` version ${record.version}`;
      this.#parts.log("warn", `secrets: '${record.name}'${version} was not re-wrapped: ${messageOf(reason)}`);
      // A key may be out of reach, or the whole service; with the service gone all others would fail in the same way.
      if (reason instanceof VaultError && reason.code === "UNAVAILABLE") await this.#parts.keys.lastRotation();
    }
    if (this.#pauseMs > 0) await this.#parts.pause(this.#pauseMs, this.#stopping.signal);
  }

  /** False when the version was deleted, or wrapped anew by another, since it was read. */
  async #renew(of: StoredVersion): Promise<boolean> {
    const { keyId, wrappedKey } = of.sealed, { keys, store } = this.#parts;
    const renewed = await keys.rewrap({ keyId, wrapped: wrappedKey }, { secret: of.name, version: of.version });
    const wrapping = { of, keyId: renewed.keyId, wrappedKey: renewed.wrapped, wrappedRotationAt: this.rotationAt };
    return await store.replaceWrapping(wrapping);
  }

  #isPending({ keyId, wrappedRotationAt }: { keyId: string; wrappedRotationAt: number | null }, target: number) {
    return keyId !== this.#parts.keys.keyId || wrappedRotationAt === null || wrappedRotationAt < target;
  }

  async #latestRotation(): Promise<number | null> {
    const latest = await this.#parts.keys.lastRotation() ?? null;
    if (latest !== null && latest > this.#seenRotationAt) this.#seenRotationAt = latest;
    return latest;
  }

  async #complete(rotationAt: number, sweptAt: number | null): Promise<void> {
    const state = {
      lastCompletedRotationAt: rotationAt,
      lastSweptAt: sweptAt ?? this.#state?.lastSweptAt ?? null,
      updatedAt: this.#now(),
    };
    await this.#parts.store.saveRewrapState(state);
    this.#state = state;
  }

  #now(): number {
    return Math.floor(this.#parts.clock.now() / 1000);
  }
}

/** One that is damaged must not keep the secrets from being read: every rotation counts as not followed then. */
async function stateOf({ store, log }: RewrapServiceParts): Promise<RewrapState | undefined> {
  try {
    return await store.readRewrapState();
  } catch (reason) {
    if (!(reason instanceof VaultError && reason.code === "DATA_LOSS")) throw reason;
    log("error", `secrets: how far re-wrapping has come is not known, so it begins anew: ${reason.message}`);
    return { lastCompletedRotationAt: 0, lastSweptAt: null, updatedAt: 0 };
  }
}
