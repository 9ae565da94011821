import type { CloudFailure } from "#ports/cloud.ts";

/** How the vault stands with the cloud. Times are milliseconds since 1970-01-01T00:00:00Z. */
export type CloudState =
  /** No endpoint or no API key is configured. */
  | { readonly kind: "offline" }
  | {
    readonly kind: "registering";
    /** Why the try before this one failed; absent at the first and after a success. */
    readonly lastFailure?: FailedTry;
  }
  | { readonly kind: "registered"; readonly since: number }
  | { readonly kind: "failed"; readonly nextTryAt: number } & FailedTry;

export interface FailedTry {
  /** `local`: the fault is on this side, e.g. in the evaluation key's file. */
  readonly failure: CloudFailure | "local";
  /** For the operator; one line, without secrets. */
  readonly why: string;
}

/** Why the last try that came to an end failed; undefined when it did not. */
export function lastFailureOf(state: CloudState): FailedTry | undefined {
  if (state.kind === "registering") return state.lastFailure;
  return state.kind === "failed" ? { failure: state.failure, why: state.why } : undefined;
}

/** The state for gauges and alerts: one that has failed stays so while the next try runs. */
export function lastingStateOf(state: CloudState): CloudState["kind"] {
  return lastFailureOf(state) ? "failed" : state.kind;
}

/** The vault's side of the registration, for those who show it or push it. */
export interface CloudControl {
  readonly state: CloudState;
  /** Begins to register; harmless when begun. */
  start(): void;
  /**
   * Runs the whole sequence now, after one that is running already.
   *
   * @returns The state that it ended in.
   */
  register(): Promise<CloudState>;
  /** Ends calls in flight and waiting; nothing is begun any more. Stopping twice is harmless. */
  stop(): Promise<void>;
}

/** The original's words. */
export const OFFLINE_TEXT = "ENVECTOR_ENDPOINT/ENVECTOR_API_KEY not set — offline mode, no team index.";

/** The control of a vault without a cloud. */
export function offlineCloud(log: (level: "warn", message: string) => void): CloudControl {
  const state: CloudState = { kind: "offline" };
  return {
    state,
    start: () => log("warn", OFFLINE_TEXT),
    register: () => Promise.resolve(state),
    stop: () => Promise.resolve(),
  };
}
