/**
 * How a token comes to be and when it ends, as pure functions. Contract runevault.md 2.3 and 2.5.
 *
 * @module
 */
import type { Token } from "#ports/state_store.ts";
import { addDays, type Day, formatDay, parseDay } from "./calendar.ts";

export interface IssueRequest {
  /** Not empty; otherwise any text. */
  readonly user: string;
  readonly role: string;
  /** Days after today on which the token is still good; negative: expired from the start; null or absent: for ever. */
  readonly expiresDays?: number | null;
}

/** @throws {VaultError} INVALID_ARGUMENT when the expiry lies outside the calendar. */
export function issued({ user, role, expiresDays }: IssueRequest, token: string, today: Day): Token {
  const kept = { user, token, role, issuedAt: formatDay(today) };
  if (expiresDays === undefined || expiresDays === null) return Object.freeze(kept);
  return Object.freeze({ ...kept, expires: formatDay(addDays(today, expiresDays)) });
}

/**
 * The same access under another token: the number of days it was issued for starts again today.
 *
 * @throws {VaultError} INVALID_ARGUMENT when that number cannot be told from the stored dates. Taking it for "never
 * expires" would turn a damaged entry into one that is good for ever.
 */
export function rotated(old: Token, token: string, today: Day): Token {
  const { user, role, expires, issuedAt } = old;
  const expiresDays = expires === undefined ? null : parseDay(expires) - parseDay(issuedAt);
  return issued({ user, role, expiresDays }, token, today);
}

/**
 * A token is good through the whole of its expiry day.
 *
 * @throws {VaultError} INVALID_ARGUMENT when the stored date cannot be read.
 */
export function isExpired({ expires }: Token, today: Day): boolean {
  return expires !== undefined && parseDay(expires) < today;
}
