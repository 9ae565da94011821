import { HttpError } from "./reply.ts";

const SCHEME = "http+unix://";

/**
 * The request target as the client sent it.
 *
 * `Request.url` is read as text, never through `URL`: that would fold `..` and `%2e%2e` away and let `/tokens/..` become
 * another route. Deno puts the Host header, whatever it holds, between the scheme and the target.
 */
export function targetOf({ url, headers }: Request): string {
  if (!url.startsWith(SCHEME)) return url; // absolute form, `GET http://host/path`: no route matches it
  const rest = url.slice(SCHEME.length);
  const host = headers.get("host") ?? "";
  return host !== "" && rest.startsWith(host) ? rest.slice(host.length) : rest.slice(Math.max(0, rest.indexOf("/")));
}

/** The raw segments of a path without its trailing slashes; undefined for what no route can match. */
export function segmentsOf(target: string): string[] | undefined {
  if (!target.startsWith("/") || target.includes("?")) return undefined;
  let end = target.length;
  while (end > 0 && target[end - 1] === "/") end -= 1;
  const segments = target.slice(1, end).split("/");
  return segments.includes("") ? undefined : segments;
}

/**
 * The name in one raw segment. `.`, `..`, `%2F` and `%00` are names like any other: they are keys of a map, never paths.
 *
 * @throws {HttpError} 400 for bad percent-encoding, overlong or otherwise invalid UTF-8 included.
 */
export function nameIn(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new HttpError(400, "Malformed percent-encoding in the path");
  }
}
