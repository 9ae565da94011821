import { messageOf } from "#errors/mod.ts";
import type { Clock } from "#ports/clock.ts";
import { type Cloud, CloudError } from "#ports/cloud.ts";
import type { Log } from "#ports/log.ts";
import type { Timer } from "#ports/timer.ts";
import { ensureResident, type Residency } from "./sequence.ts";
import { type CloudControl, type CloudState, lastFailureOf } from "./state.ts";

const FIRST_RETRY_MS = 5_000;
const LAST_RETRY_MS = 300_000;

export interface RegistrationOptions {
  /** A new connection for each run: an old one would still know its failures and not try again at once. */
  readonly connect: () => Cloud;
  readonly residency: Residency;
  /** The cloud's name in the log. */
  readonly endpoint: string;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly log: Log;
  /** Called once, when it has been stopped and nothing runs any more. */
  readonly onStopped?: () => void;
}

/**
 * Registers the vault with the cloud beside its other work, and goes on trying until it is done: after 5 s, then twice
 * as long each time up to 5 minutes (decisions.md, A5). Runs never overlap.
 */
export class CloudRegistration implements CloudControl {
  readonly #options: RegistrationOptions;
  #state: CloudState = { kind: "registering" };
  #failures = 0;
  #cancelRetry = () => {};
  #connection: Cloud | undefined;
  #running: Promise<CloudState> | undefined;
  #waiting: Promise<CloudState> | undefined;
  #isStopped = false;
  #stopped: Promise<void> | undefined;

  constructor(options: RegistrationOptions) {
    this.#options = options;
  }

  get state(): CloudState {
    return this.#state;
  }

  start(): void {
    if (this.#running === undefined && this.#state.kind === "registering") void this.#begin();
  }

  register(): Promise<CloudState> {
    if (this.#waiting) return this.#waiting; // first: between the two runs, nothing is running
    if (this.#running === undefined) return this.#force();
    // What runs may have begun before the caller mended something: all who wait share the next run.
    return this.#waiting = this.#running.then(() => {
      this.#waiting = undefined;
      return this.#force();
    });
  }

  stop(): Promise<void> {
    return this.#stopped ??= this.#stop();
  }

  async #stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelRetry();
    this.#connection?.close();
    await (this.#waiting ?? this.#running);
    this.#options.onStopped?.();
  }

  /** Forgets how often it has failed: somebody means to have mended it, and its next tries shall come soon. */
  #force(): Promise<CloudState> {
    this.#failures = 0;
    return this.#begin();
  }

  #begin(): Promise<CloudState> {
    if (this.#isStopped) return Promise.resolve(this.#state);
    this.#cancelRetry();
    return this.#running = this.#run().finally(() => this.#running = undefined);
  }

  async #run(): Promise<CloudState> {
    const { connect, residency, endpoint, clock, log } = this.#options;
    if (this.#failures === 0) log("info", `cloud: registering with ${endpoint}`);
    const lastFailure = lastFailureOf(this.#state);
    this.#state = { kind: "registering", ...(lastFailure ? { lastFailure } : {}) };
    try {
      this.#connection = connect();
      await ensureResident(this.#connection, residency);
      this.#failures = 0;
      const index = residency.indexName === "" ? "no index" : `index ${residency.indexName}`;
      log("info", `cloud: registered with ${endpoint}: key ${residency.keyId}, ${index}`);
      return this.#state = { kind: "registered", since: clock.now() };
    } catch (reason) {
      if (this.#isStopped) return this.#state; // it is our end that the run failed of
      return this.#state = this.#failed(reason);
    } finally {
      this.#connection?.close();
      this.#connection = undefined;
    }
  }

  #failed(reason: unknown): CloudState {
    const { clock, timer, log } = this.#options;
    const delayMs = Math.min(FIRST_RETRY_MS * 2 ** this.#failures, LAST_RETRY_MS);
    this.#failures++;
    const failure = reason instanceof CloudError ? reason.failure : "local", why = whyText(failure, reason);
    log("warn", `cloud: not registered: ${why}; next try in ${delayMs / 1000} s`);
    this.#cancelRetry = timer(() => void this.#begin(), delayMs);
    return { kind: "failed", failure, why, nextTryAt: clock.now() + delayMs };
  }
}

function whyText(failure: CloudError["failure"] | "local", reason: unknown): string {
  const text = messageOf(reason);
  return failure === "rejected"
    ? `the cloud rejects envector.api_key (set a good one and restart): ${text}`
    : failure === "unreachable"
    ? `the cloud cannot be reached: ${text}`
    : text;
}
