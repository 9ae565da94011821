/** Stand-ins for the tests of tokens and of what uses them. @module */
import type { Clock } from "#ports/clock.ts";
import type { LogLevel } from "#ports/log.ts";
import { type AuthFailure, type Metrics, NO_METRICS } from "#ports/metrics.ts";
import type { State, StateStore, Token } from "#ports/state_store.ts";
import { TokenService } from "./token_service.ts";

/** Valid only where a test puts it into the store. */
export const DEMO_TOKEN: Token = {
  user: "demo",
  token: "evt_0000000000000000000000000000demo",
  role: "admin",
  issuedAt: "2026-01-01",
};

/** Time that passes when told to. */
export class TestClock implements Clock {
  #now: number;
  #monotonic = 1_000;

  /** @param date `YYYY-MM-DD`, in the host's time zone. */
  constructor(date = "2026-11-22") {
    this.#now = new Date(`${date}T12:00:00`).getTime();
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  advanceSeconds(seconds: number): void {
    this.#now += seconds * 1000;
    this.#monotonic += seconds * 1000;
  }

  advanceDays(days: number): void {
    const date = new Date(this.#now);
    this.advanceSeconds((date.setDate(date.getDate() + days) - this.#now) / 1000);
  }
}

/** Keeps every snapshot it is given; can be told to fail, or to wait until a test lets it go on. */
export class MemoryStore implements StateStore {
  readonly saved: State[] = [];
  failure: Error | undefined;
  gate: Promise<void> | undefined;

  constructor(readonly stored?: State) {}

  load(): Promise<State | undefined> {
    return Promise.resolve(this.saved.at(-1) ?? this.stored);
  }

  async save(state: State): Promise<void> {
    await this.gate;
    if (this.failure) throw this.failure;
    this.saved.push(state);
  }

  users(): string[] {
    return this.saved.at(-1)!.tokens.map(({ user }) => user);
  }
}

/** What a service tells the metrics. */
export class AuthCounts {
  attempts = 0;
  rateLimited = 0;
  readonly failures: AuthFailure[] = [];
  readonly metrics: Metrics = {
    ...NO_METRICS,
    authAttempted: () => void (this.attempts += 1),
    authFailed: (reason) => void this.failures.push(reason),
    rateLimited: () => void (this.rateLimited += 1),
  };
}

/** A service on stand-ins, past its first save. */
export async function openTestService({ tokens = [], roles = [], date }: {
  tokens?: readonly Token[];
  roles?: State["roles"];
  date?: string;
} = {}) {
  const store = new MemoryStore({ roles, tokens });
  const clock = new TestClock(date);
  const logged: [LogLevel, string][] = [];
  const counts = new AuthCounts(), { metrics } = counts;
  const service = await TokenService.open({ store, clock, log: (...line) => void logged.push(line), metrics });
  store.saved.length = 0;
  return { service, store, clock, logged, counts };
}
