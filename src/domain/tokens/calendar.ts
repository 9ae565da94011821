/**
 * Calendar days as numbers, for dates of issue and expiry. Contract runevault.md 2.3.
 *
 * @module
 */
import { VaultError } from "#errors/mod.ts";

/** Days since 1970-01-01 in the proleptic Gregorian calendar, years 1 to 9999. */
export type Day = number & { readonly brand: unique symbol };

const DAY_MS = 86_400_000;
const FIRST = dayNumber(1, 1, 1);
const LAST = dayNumber(9999, 12, 31);

/**
 * Reads `YYYY-MM-DD`.
 *
 * @throws {VaultError} INVALID_ARGUMENT with Python's text, also for a day that does not exist: whoever compares dates
 * must not take an unreadable one for a day in the future.
 */
export function parseDay(text: string): Day {
  const match = /^([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$/.exec(text);
  const day = match && dayNumber(Number(match[1]), Number(match[2]), Number(match[3]));
  // A day such as 02-30 has become one of the next month.
  if (day === null || day < FIRST || new Date(day * DAY_MS).getUTCDate() !== Number(match![3])) {
    throw new VaultError("INVALID_ARGUMENT", `Invalid isoformat string: ${quoted(text)}`);
  }
  return day;
}

export function formatDay(day: Day): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** @throws {VaultError} INVALID_ARGUMENT when the sum lies outside the years 1 to 9999. */
export function addDays(day: Day, days: number): Day {
  const sum = day + days;
  if (!(sum >= FIRST && sum <= LAST)) throw new VaultError("INVALID_ARGUMENT", "date value out of range");
  return sum as Day;
}

/** The date on the host's wall, in its own time zone. */
export function localDay(epochMs: number): Day {
  const date = new Date(epochMs);
  return dayNumber(date.getFullYear(), date.getMonth() + 1, date.getDate());
}

/** When the day ends on the host's wall, in milliseconds since 1970-01-01T00:00:00Z. */
export function endOfDay(day: Day): number {
  const utc = new Date(day * DAY_MS), end = new Date(0);
  end.setFullYear(utc.getUTCFullYear(), utc.getUTCMonth(), utc.getUTCDate() + 1);
  return end.setHours(0, 0, 0, 0);
}

function dayNumber(year: number, month: number, day: number): Day {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day); // unlike Date.UTC, takes the years 0 to 99 for what they are
  return date.getTime() / DAY_MS as Day;
}

/** As Python's repr() does it: a stored text must not break a log line in two. */
function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replace(/\\/g, "\\\\").replaceAll(quote, `\\${quote}`);
  return quote + escaped.replace(/\p{Cc}/gu, escapeControl) + quote;
}

function escapeControl(control: string): string {
  const named: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
  return named[control] ?? `\\x${control.charCodeAt(0).toString(16).padStart(2, "0")}`;
}
