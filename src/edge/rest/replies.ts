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

/**
 * Deno's node:http writes header values as they are: a line break in one would begin a header, or an answer, of a
 * caller's choice.
 *
 * @throws {Error} naming the header, not its value.
 */
export function checkHeaders({ headers = {} }: HttpReply): void {
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) throw new Error("a header's name is not a token in lower case");
    if (!/^[\t\x20-\x7e]*$/.test(value)) throw new Error(`the header ${name} would hold more than visible ASCII`);
  }
}
