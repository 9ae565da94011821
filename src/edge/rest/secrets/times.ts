/**
 * Times as each surface writes them.
 *
 * @module
 */

/** RFC 3339, UTC, whole seconds: `2026-06-13T12:00:00Z`. @param time Unix milliseconds. */
export function zuluTime(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}

/** As zuluTime(), of unix seconds. */
export function zuluSeconds(seconds: number): string {
  return zuluTime(seconds * 1000);
}

/** ISO 8601, UTC without a zone, microseconds: `2025-10-06T12:00:00.123000`. @param time Unix milliseconds. */
export function isoMicroseconds(time: number): string {
  return `${new Date(time).toISOString().slice(0, 23)}000`;
}
