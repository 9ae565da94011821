import type { HttpReply } from "./surface.ts";

/** Of every answer: nothing here is for a cache, nor for a browser to guess at or to frame. */
export const COMMON_HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
};

/** A JSON answer. */
export function jsonReply(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): HttpReply {
  return { status, headers: { "content-type": "application/json", ...headers }, body: `${JSON.stringify(value)}\n` };
}

/** `{"error": message}`: the body of every refusal. */
export function errorReply(status: number, message: string, headers?: Readonly<Record<string, string>>): HttpReply {
  return jsonReply(status, { error: message }, headers);
}

/** @param allow The methods that the path knows, e.g. `GET, HEAD`. */
export function methodNotAllowed(allow: string): HttpReply {
  return errorReply(405, "method not allowed", { allow });
}
