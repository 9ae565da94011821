import type { CloudFailure } from "#ports/cloud.ts";

/** How the vault stands with the cloud. Times are milliseconds since 1970-01-01T00:00:00Z. */
export type CloudState =
  /** No endpoint or no API key is configured. */
  | { readonly kind: "offline" }
  | { readonly kind: "registering" }
  | { readonly kind: "registered"; readonly since: number }
  | {
    readonly kind: "failed";
    /** `local`: the fault is on this side, e.g. in the evaluation key's file. */
    readonly failure: CloudFailure | "local";
    /** For the operator; one line, without secrets. */
    readonly why: string;
    readonly nextTryAt: number;
  };

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
