import { VaultError } from "#errors/mod.ts";

/** Most calls in any stretch of time; made by the parsers of this file alone. */
export interface RateLimit {
  readonly maxCalls: number;
  readonly windowSeconds: number;
}

/**
 * Reads `<max>/<window>s` in the form that an administrator must use, e.g. `30/60s`.
 *
 * @throws {VaultError} INVALID_ARGUMENT for anything else.
 */
export function parseRateLimit(text: string): RateLimit {
  const match = /^([0-9]+)\/([0-9]+)s$/.exec(text);
  if (!match) throw formatError(text);
  return { maxCalls: bounded(match[1]), windowSeconds: bounded(match[2]) };
}

/**
 * Reads a rate limit as files written by hand may hold it: each `s` is ignored, signs and spaces around a number are
 * allowed (`30/60`, `30 / 60s`). Contract runevault.md 2.4.
 *
 * @throws {VaultError} INVALID_ARGUMENT for anything else.
 */
export function parseStoredRateLimit(text: string): RateLimit {
  const match = /^\s*([+-]?[0-9]+)\s*\/\s*([+-]?[0-9]+)\s*$/.exec(text.replaceAll("s", ""));
  if (!match) throw formatError(text);
  return { maxCalls: bounded(match[1]), windowSeconds: bounded(match[2]) };
}

/** Keeps numbers of hundreds of digits from becoming Infinity, with which no arithmetic holds. */
function bounded(digits: string): number {
  return Math.max(Math.min(Number(digits), Number.MAX_SAFE_INTEGER), Number.MIN_SAFE_INTEGER);
}

function formatError(text: string): VaultError {
  return new VaultError(
    "INVALID_ARGUMENT",
    `Invalid rate_limit format '${text}'. Expected '<max>/<window>s' (e.g. '30/60s')`,
  );
}
