import type { HttpReply } from "../surface.ts";
import { type Encodable, encodeJson } from "./json/mod.ts";

type Headers = Readonly<Record<string, string>>;

const NONE: Headers = {};

/** A JSON answer that may hold values: its bytes are zeroed once they are sent. */
export function jsonReply(status: number, body: Encodable, headers: Headers = NONE): HttpReply {
  const bytes = encodeJson(body);
  return {
    status,
    headers: { "content-type": "application/json", ...headers },
    body: bytes,
    onSent: () => bytes.fill(0),
  };
}

/** A JSON answer without any value in it: a long list is quicker so. */
export function plainReply(status: number, body: Encodable, headers: Headers = NONE): HttpReply {
  return { status, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) };
}

export function textReply(status: number, body: string): HttpReply {
  return { status, headers: { "content-type": "text/plain; charset=utf-8" }, body };
}

export function emptyReply(status: number): HttpReply {
  return { status };
}

/** For `If-Match` of a later change. */
export function versionTag(version: number): Headers {
  return { etag: `"${version}"` };
}

/** @param seconds Until the caller may try again; undefined where that is not known. */
export function retryAfter(seconds: number | undefined): Headers {
  return seconds === undefined ? NONE : { "retry-after": String(seconds) };
}
