const DAYS_OF: Readonly<Record<string, number>> = { d: 1, w: 7, m: 30 };
const MILLISECONDS_OF: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * Days until a token expires: `90d`, `12w`, `6m` (a month is 30 days; contract runevault.md 4.3).
 *
 * @throws {Error} with the contract's text.
 */
export function parseExpiryDays(text: string): number {
  const parts = /^(\d+)([dwm])$/.exec(text);
  const days = parts ? Number(parts[1]) * DAYS_OF[parts[2]] : NaN;
  if (Number.isSafeInteger(days)) return days;
  throw new Error(`Invalid duration '${text}'. Use <number><d|w|m> (e.g. 90d, 12w, 6m)`);
}

/** How long to wait, as the operator wrote it. */
export interface WaitTime {
  readonly milliseconds: number;
  readonly text: string;
}

/**
 * A `--timeout`: numbers with units, such as `10s`, `1m30s`, `500ms`, `1.5h`.
 *
 * @throws {Error} with the contract's text (4.7).
 */
export function parseTimeout(text = "10s"): WaitTime {
  const milliseconds = /^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)
    ? [...text.matchAll(/([\d.]+)(ms|s|m|h)/g)].reduce(
      (sum, part) => sum + Number(part[1]) * MILLISECONDS_OF[part[2]],
      0,
    )
    : NaN;
  if (Number.isFinite(milliseconds)) return { milliseconds, text };
  throw new Error(`invalid --timeout "${text}": expected a duration such as 500ms, 10s or 1m30s`);
}

/**
 * Whole seconds: `90s`, `15m`, `12h`, `30d`, `2w`.
 *
 * @throws {Error} naming the flag.
 */
export function parseSeconds(flag: string, text: string): number {
  const parts = /^(\d+)([smhdw])$/.exec(text);
  const seconds = parts ? Number(parts[1]) * AGO_SECONDS_OF[parts[2]] : NaN;
  if (Number.isSafeInteger(seconds)) return seconds;
  throw new Error(`invalid ${flag} "${text}": expected a number and s, m, h, d or w, such as 90s, 12h or 30d`);
}

const AGO_SECONDS_OF: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/**
 * A `--since`: a date or time such as `2026-11-22` or `2026-11-22T10:00:00Z`, UTC where it names no zone, or how long ago,
 * such as `90m`, `12h`, `7d`.
 *
 * @param now Milliseconds since 1970-01-01T00:00:00Z.
 * @returns Milliseconds since then.
 */
export function parseSince(text: string, now: number): number {
  const ago = /^(\d+)([smhdw])$/.exec(text);
  const time = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d)?)?$/.exec(text);
  const since = ago
    ? now - Number(ago[1]) * AGO_SECONDS_OF[ago[2]] * 1000
    : time
    ? Date.parse(`${time[1]}T${time[2] ?? "00:00"}${time[3] ?? "Z"}`)
    : NaN;
  if (Number.isFinite(since) && Math.abs(since) < 8.64e15) return since;
  throw new Error(
    `invalid --since "${text}": expected a time such as 2026-11-22, 2026-11-22T10:00:00Z, 90m, 12h or 7d`,
  );
}
