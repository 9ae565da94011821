import type { HttpReply } from "../surface.ts";
import { type Encodable, encodeJson } from "./json/mod.ts";

type Headers = Readonly<Record<string, string>>;

const NONE: Headers = {};
/** What a vault says is for its caller alone, and for now. */
const PRIVATE: Headers = { "cache-control": "no-store" };

export function jsonReply(status: number, body: Encodable, headers: Headers = {}): HttpReply {
  return {
    status,
    headers: { "content-type": "application/json", ...PRIVATE, ...headers },
    body: encodeJson(body),
  };
}

export function textReply(status: number, body: string): HttpReply {
  return { status, headers: { "content-type": "text/plain; charset=utf-8", ...PRIVATE }, body };
}

export function emptyReply(status: number): HttpReply {
  return { status, headers: PRIVATE };
}

/** For `If-Match` of a later change. */
export function versionTag(version: number): Headers {
  return { etag: `"${version}"` };
}

/** @param seconds Until the caller may try again; undefined where that is not known. */
export function retryAfter(seconds: number | undefined): Headers {
  return seconds === undefined ? NONE : { "retry-after": String(seconds) };
}
