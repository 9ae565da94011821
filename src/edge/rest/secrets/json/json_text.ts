/**
 * One string of a request's JSON, as UTF-8 bytes: a value that nobody asks for as text never becomes a JavaScript
 * string, which could not be wiped.
 */
export class JsonText {
  constructor(readonly bytes: Uint8Array) {}

  /** A copy that cannot be wiped: for names and descriptions, never for values. */
  toString(): string {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(this.bytes);
  }

  /** Printing one by mistake tells nothing. */
  toJSON(): string {
    return "[REDACTED]";
  }
}

/** An object is a Map: no member name, not even `__proto__`, means anything to it. */
export type JsonValue = null | boolean | number | JsonText | readonly JsonValue[] | ReadonlyMap<string, JsonValue>;

/** Zeroes every string in a value. */
export function wipeJson(value: JsonValue): void {
  if (value instanceof JsonText) value.bytes.fill(0);
  else if (value instanceof Map) value.forEach(wipeJson);
  else if (Array.isArray(value)) value.forEach(wipeJson);
}
