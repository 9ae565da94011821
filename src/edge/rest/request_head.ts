import type { IncomingMessage } from "node:http";
import { isIPv6 } from "node:net";
import { errorReply } from "./replies.ts";
import type { HttpReply } from "./surface.ts";

const MAX_TARGET_CHARS = 8_192;
const MAX_HEADERS = 100;
/** Those of which a second one lets two readers of the same request disagree. */
const SINGLE_HEADERS = ["host", "content-length", "content-type", "authorization", "transfer-encoding"];

/** The head of a request whose form is beyond doubt. */
export interface RequestHead {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: ReadonlyMap<string, string>;
  /** In bytes: 0 without a body, Infinity for one in chunks. */
  readonly bodyLength: number;
}

/** Reads a head that the HTTP parser let through, and refuses what it leaves open. */
export function readHead(message: IncomingMessage): RequestHead | { readonly refusal: HttpReply } {
  const target = message.url ?? "";
  if (message.httpVersion !== "1.1" && message.httpVersion !== "1.0") {
    return { refusal: errorReply(505, "only HTTP/1.1, and HTTP/2 for gRPC, are spoken here") };
  }
  if (target.length > MAX_TARGET_CHARS) return { refusal: errorReply(414, "the request target is too long") };
  // No absolute form, no "*", no fragment: a path, and never decoded here.
  if (!/^\/[\x21\x22\x24-\x7e]*$/.test(target)) return { refusal: errorReply(400, "the request target is not a path") };
  if (message.rawHeaders.length > 2 * MAX_HEADERS) return { refusal: errorReply(431, "too many headers") };
  const headers = headersOf(message.rawHeaders);
  if (!headers) return { refusal: errorReply(400, "a header that may come once came twice") };
  if (message.httpVersion === "1.1" && !headers.has("host")) return { refusal: errorReply(400, "no Host header") };
  // RFC 9112, section 6.1: of a body in any other coding nobody here knows where it ends.
  if (!/^(chunked)?$/i.test(headers.get("transfer-encoding") ?? "")) {
    return { refusal: errorReply(501, "of transfer codings only chunked is understood") };
  }
  const bodyLength = headers.has("transfer-encoding") ? Infinity : Number(headers.get("content-length") ?? 0);
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  return { path, query: new URLSearchParams(mark < 0 ? "" : target.slice(mark + 1)), headers, bodyLength };
}

/** The address without a port; IPv4-mapped IPv6 as IPv4. */
export function peerAddressOf(remoteAddress: string | undefined): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(remoteAddress ?? "");
  if (mapped) return mapped[1];
  const address = remoteAddress ?? "";
  return isIPv6(address) ? address.split("%")[0] : address; // a zone names an interface of this machine
}

/** By lower-case name, repeated ones joined; undefined when one that may come once was repeated. */
function headersOf(raw: readonly string[]): Map<string, string> | undefined {
  const headers = new Map<string, string>();
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i].toLowerCase(), earlier = headers.get(name);
    if (earlier !== undefined && SINGLE_HEADERS.includes(name)) return undefined;
    headers.set(name, earlier === undefined ? raw[i + 1] : `${earlier}, ${raw[i + 1]}`);
  }
  return headers;
}
