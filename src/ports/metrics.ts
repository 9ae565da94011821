/**
 * What the vault counts while it works, and what it tells when asked. Of a caller nothing gets here but the user's name.
 *
 * @module
 */
import type { StatusCode } from "#errors/mod.ts";
import type { CallQueue } from "./fhe_library.ts";

export const VAULT_METHODS = ["GetPublicKey", "DecryptScores", "DecryptMetadata"] as const;
export type VaultMethod = (typeof VAULT_METHODS)[number];

/** Why a caller was not let in. */
export const AUTH_FAILURES = [
  "unknown", // no such token
  "expired",
  "no_role", // the token's role is gone
  "unreadable", // an entry of the state files that was written by hand
  "scope", // a good token whose role may not do this
] as const;
export type AuthFailure = (typeof AUTH_FAILURES)[number];

/** One call of a vault method, once its answer is ready. */
export interface EndedCall {
  readonly method: VaultMethod;
  readonly code: StatusCode | "OK";
  /** Its status is OK and carries a payload's fault in `error`. */
  readonly isPayloadFault: boolean;
  /** The caller was refused before any work, for reasons of his own. */
  readonly isDenied: boolean;
  /** Of the token; undefined where it is unknown or was not looked at. */
  readonly user?: string;
  readonly seconds: number;
}

/** Takes reports; cheap, and never throws. */
export interface Metrics {
  callEnded(call: EndedCall): void;
  authAttempted(): void;
  authFailed(reason: AuthFailure): void;
  rateLimited(): void;
  scoresDecrypted(ciphertexts: number, rows: number): void;
  envelopesDecrypted(count: number): void;
  auditFailed(): void;
  /** @param route A template such as `/metrics`; never what was sent. */
  httpAnswered(route: string, status: number): void;
}

/** For parts that nobody watches. */
export const NO_METRICS: Metrics = {
  callEnded() {},
  authAttempted() {},
  authFailed() {},
  rateLimited() {},
  scoresDecrypted() {},
  envelopesDecrypted() {},
  auditFailed() {},
  httpAnswered() {},
};

export const CLOUD_STATES = ["offline", "registering", "registered", "failed"] as const;
export type CloudState = (typeof CLOUD_STATES)[number];

export const TOKEN_STATES = ["valid", "expired", "unreadable", "no_role"] as const;
export type TokenState = (typeof TOKEN_STATES)[number];

/** Tokens as the metrics show them: counted, never named. */
export interface TokenCounts {
  /** Each role that exists or that a token names, with how many tokens it has in each state. */
  readonly byRole: ReadonlyMap<string, Readonly<Record<TokenState, number>>>;
  /** Milliseconds since 1970: when the next of the valid tokens ends; undefined when none ever does. */
  readonly soonestExpiry?: number;
  /** Users that have a token. */
  readonly users: ReadonlySet<string>;
}

/** What is looked up when somebody reads the metrics. */
export interface MetricsSources {
  readonly tokens: () => TokenCounts;
  readonly nativeQueue: () => CallQueue;
  readonly cloudState: () => CloudState;
}
