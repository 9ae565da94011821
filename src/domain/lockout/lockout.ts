import { networkOf } from "#domain/network/mod.ts";
import { messageOf } from "#errors/mod.ts";
import type { Clock } from "#ports/clock.ts";
import type { LockoutRecord, LockoutStore } from "#ports/lockout_store.ts";
import type { Log } from "#ports/log.ts";
import { type FailureState, FailureTable } from "./failure_table.ts";
import { WriteBehind } from "./write_behind.ts";

export interface LockoutSettings {
  /** Failures that lock an address; 0: none ever does. */
  readonly maxFailures: number;
  /** Length of the window that failures are counted in; it starts with the first. */
  readonly windowSeconds: number;
  readonly lockoutSeconds: number;
}

export interface LockoutPorts {
  readonly store: LockoutStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Most addresses of each kind that are remembered; for tests. */
  readonly maxAddresses?: number;
}

/** An address that failed of late. */
export interface LockoutEntry {
  /** Canonical, of IPv6 the network: `2001:db8::/64`. */
  readonly address: string;
  readonly failures: number;
  /** Whole seconds until it may call again, rounded up; 0 while it is not locked. */
  readonly retryAfterSeconds: number;
}

/**
 * Shuts out addresses that keep failing (contract secrets.md A.13, decisions.md section 3): the failure that reaches the
 * maximum locks, success clears the count, calls of a locked address change nothing. Addresses are given in canonical form and counted by network (networkOf()): a
 * host that takes another IPv6 address for each guess is still one.
 *
 * Time is the monotonic clock's, so that a host's clock that is set neither locks nor frees anybody. Locks are written to
 * the store at once, in the background; mere counts when the vault closes.
 */
export class Lockout {
  readonly #settings: LockoutSettings;
  readonly #clock: Clock;
  readonly #table: FailureTable;
  readonly #writes: WriteBehind<LockoutRecord>;
  /** Addresses that the store has, oldest lock first. */
  readonly #stored = new Set<string>();

  private constructor(settings: LockoutSettings, { store, clock, log, maxAddresses }: LockoutPorts) {
    this.#settings = settings;
    this.#clock = clock;
    this.#table = new FailureTable(settings, maxAddresses);
    this.#writes = new WriteBehind(
      (records, removed) => store.save(records, removed),
      (reason) => log("warn", `lockout: not written: ${messageOf(reason)}`),
    );
  }

  /** Takes over what the store has. @throws What the store's load() throws. */
  static async open(settings: LockoutSettings, ports: LockoutPorts): Promise<Lockout> {
    const lockout = new Lockout(settings, ports);
    const records = await ports.store.load();
    for (const record of records.toSorted((a, b) => (a.lockedUntil ?? 0) - (b.lockedUntil ?? 0))) {
      lockout.#restore(record);
    }
    lockout.#dropEnded();
    return lockout;
  }

  /** Whole seconds until the address may call again, rounded up; 0 when it is not locked. */
  retryAfterSeconds(address: string): number {
    const now = this.#clock.monotonic();
    return secondsLeft(this.#table.get(networkOf(address), now), now);
  }

  /** Counts a failure; nothing when the address is locked already. */
  fail(client: string): void {
    const { maxFailures, lockoutSeconds } = this.#settings, address = networkOf(client);
    if (maxFailures <= 0) return;
    const now = this.#clock.monotonic(), state = this.#table.get(address, now);
    if (state?.lockedUntil !== undefined) return;
    const failures = Math.min((state?.failures ?? 0) + 1, Number.MAX_SAFE_INTEGER);
    const counted = { failures, windowStart: state?.windowStart ?? now };
    if (failures < maxFailures) return this.#table.set(address, counted);
    const locked = { ...counted, lockedUntil: now + lockoutSeconds * 1000 };
    this.#table.set(address, locked);
    this.#store(address, locked);
    this.#dropEnded();
  }

  /** Forgets the failures of an address that is not locked. */
  succeed(client: string): void {
    const address = networkOf(client);
    const state = this.#table.get(address, this.#clock.monotonic());
    if (state && state.lockedUntil === undefined) this.#forget(address);
  }

  /** Addresses with failures of account, locked ones first. */
  list(): LockoutEntry[] {
    const now = this.#clock.monotonic();
    return this.#table.entries(now).map(([address, state]) => ({
      address,
      failures: state.failures,
      retryAfterSeconds: secondsLeft(state, now),
    }));
  }

  /**
   * Unlocks and forgets; durable when it resolves.
   *
   * @param client Canonical address, or as list() has it; absent: all.
   * @returns How many were forgotten.
   * @throws What the store's save() throws; the address is unlocked nevertheless, until a restart.
   */
  async clear(client?: string): Promise<number> {
    const address = client === undefined ? undefined : networkOf(client);
    const found = this.list().map((entry) => entry.address).filter((other) =>
      address === undefined || other === address
    );
    for (const other of found) this.#forget(other);
    await this.#writes.flush();
    return found.length;
  }

  /** Writes everything, counts too. @throws What the store's save() throws. */
  async flush(): Promise<void> {
    for (const [address, state] of this.#table.entries(this.#clock.monotonic())) {
      this.#store(address, state);
    }
    await this.#writes.flush();
  }

  #forget(address: string): void {
    this.#table.delete(address);
    if (this.#stored.delete(address)) this.#writes.remove(address);
  }

  #store(address: string, { failures, windowStart, lockedUntil }: FailureState): void {
    const offset = this.#clock.now() - this.#clock.monotonic();
    this.#stored.delete(address); // so that the newest is the last
    this.#stored.add(address);
    this.#writes.put(address, {
      address,
      failures,
      windowStartedAt: Math.round(windowStart + offset),
      lockedUntil: lockedUntil === undefined ? null : Math.round(lockedUntil + offset),
    });
  }

  /** A clock that was set back while the vault was down neither lengthens a lock nor a window. */
  #restore({ address, failures, windowStartedAt, lockedUntil }: LockoutRecord): void {
    this.#stored.add(address);
    const { maxFailures, lockoutSeconds } = this.#settings;
    if (maxFailures <= 0 || !(failures > 0)) return;
    const wall = this.#clock.now(), now = this.#clock.monotonic();
    const windowStart = now - Math.max(0, wall - windowStartedAt);
    const left = Math.min((lockedUntil ?? wall) - wall, lockoutSeconds * 1000);
    this.#table.set(address, left > 0 ? { failures, windowStart, lockedUntil: now + left } : { failures, windowStart });
  }

  /** Locks last equally long, so the oldest end first: what the store holds is bounded by what is locked. */
  #dropEnded(): void {
    const now = this.#clock.monotonic();
    for (const address of this.#stored) {
      if (this.#table.get(address, now)?.lockedUntil !== undefined) return;
      this.#stored.delete(address);
      this.#writes.remove(address);
    }
  }
}

function secondsLeft(state: FailureState | undefined, now: number): number {
  return state?.lockedUntil === undefined ? 0 : Math.ceil((state.lockedUntil - now) / 1000);
}
