import { printable } from "./printable.ts";

/** A token is warned about from so many days before its last one. */
export const WARN_DAYS = 14;
/** A vault of thousands must not bury the list that was asked for. */
const MAX_LINES = 20;
const DAY_MS = 86_400_000;

interface Expiring {
  readonly user: string;
  /** `YYYY-MM-DD` or `never`. */
  readonly expires: string;
}

/**
 * Whole days from today, by the host's wall, to the last day on which a token is good: 0 on that day, negative after it.
 * Null for one that never expires, and for a stored date that cannot be read.
 *
 * @param now Milliseconds since 1970-01-01T00:00:00Z.
 */
export function daysLeft(expires: string, now: number): number | null {
  const date = /^(\d{4})-(\d\d)-(\d\d)$/.exec(expires);
  if (!date) return null;
  const today = new Date(now);
  const last = Date.UTC(Number(date[1]), Number(date[2]) - 1, Number(date[3]));
  return (last - Date.UTC(today.getFullYear(), today.getMonth(), today.getDate())) / DAY_MS;
}

/** With the days left, as scripts read them. */
export function withDaysLeft<T extends Expiring>(
  tokens: readonly T[],
  now: number,
): (T & { days_left: number | null })[] {
  return tokens.map((token) => ({ ...token, days_left: daysLeft(token.expires, now) }));
}

/** The tokens that still work and end within WARN_DAYS, the soonest first. */
export function expiringSoon<T extends Expiring>(tokens: readonly T[], now: number): (T & { days_left: number })[] {
  return withDaysLeft(tokens, now).filter((token): token is T & { days_left: number } =>
    token.days_left !== null && token.days_left >= 0 && token.days_left <= WARN_DAYS
  ).sort((a, b) => a.days_left - b.days_left);
}

/** One line for each such token; the output that was asked for stays what it is, so this goes to stderr. */
export function expiryWarnings(tokens: readonly Expiring[], now: number): string {
  const soon = expiringSoon(tokens, now);
  const lines = soon.slice(0, MAX_LINES).map(({ user, expires, days_left }) =>
    `Warning: the token of '${printable(user)}' expires ${inDays(days_left)} (${expires})\n`
  );
  const rest = soon.length - lines.length;
  return lines.join("") + (rest > 0 ? `Warning: so do ${rest} more within ${WARN_DAYS} days\n` : "");
}

function inDays(days: number): string {
  if (days === 0) return "today";
  return days === 1 ? "tomorrow" : `in ${days} days`;
}
