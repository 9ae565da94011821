/**
 * The members of a request's JSON object, checked. Texts: contract runevault.md 3.3.
 *
 * @module
 */
import { HttpError } from "./reply.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/** So that a name fits into a request line of any client, percent-encoded, and into one line of a log. */
const MAX_NAME_LENGTH = 1024;

/** @throws {HttpError} 400 when a body is JSON, but no object. */
export function objectOf(body: unknown): JsonObject {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new HttpError(400, "Request body must be a JSON object");
  }
  // Without a prototype, a name such as `constructor` is as absent as any other.
  return Object.assign(Object.create(null), body);
}

/** Python's idea of false, by which the original told that a field was missing. */
export function isFalsy(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (typeof value === "object" && value !== null) return Object.keys(value).length === 0;
  return !value;
}

export function stringOf(value: unknown, field: string): string {
  if (typeof value !== "string") throw new HttpError(400, `${field} must be a string`);
  return value;
}

/** Any text may be a name if it can be sent back: half a surrogate pair has no UTF-8. */
export function newNameOf(value: unknown, field: string): string {
  const name = stringOf(value, field);
  if (!name.isWellFormed()) throw new HttpError(400, `${field} must be well-formed Unicode`);
  if (name.length > MAX_NAME_LENGTH) throw new HttpError(400, `${field} is longer than ${MAX_NAME_LENGTH} characters`);
  return name;
}

export function scopeOf(value: unknown): string[] {
  if (Array.isArray(value) && value.every((method) => typeof method === "string")) return value;
  throw new HttpError(400, "scope must be a string array");
}

export function integerOf(value: unknown, field: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw new HttpError(400, `${field} must be an integer`);
}

/** Integers of any size pass: one beyond the calendar is refused by the calendar, with its own text. */
export function expiresDaysOf(value: unknown): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "number" && Number.isInteger(value)) return value;
  throw new HttpError(400, "expires_days must be an integer or null");
}
