import type { HttpRequest } from "../surface.ts";
import { type JsonValue, parseJson } from "./json/mod.ts";

/** Contract secrets.md A.22. */
const MAX_BYTES = 1_048_576;

/** Why a body was not even looked at. */
export class BodyRefused extends Error {
  override readonly name = "BodyRefused";

  constructor(readonly status: 415, message: string) {
    super(message);
  }
}

/** `application/json` and `application/*+json`, with any parameters. */
export function isJsonType(contentType: string | undefined): boolean {
  const type = (contentType ?? "").split(";", 1)[0].trim().toLowerCase();
  return type === "application/json" || /^application\/[^\s/;]+\+json$/.test(type);
}

/**
 * Reads a request's JSON; the bytes that it came in are zeroed.
 *
 * @throws {BodyRefused} another content type, before a byte is read.
 * @throws {HttpBodyError} too large, too slow, cut off.
 * @throws {JsonError}
 */
export async function readBody(request: HttpRequest): Promise<JsonValue> {
  if (!isJsonType(request.header("content-type"))) {
    throw new BodyRefused(415, "Expected request with `Content-Type: application/json`");
  }
  const bytes = await request.body(MAX_BYTES);
  try {
    return parseJson(bytes);
  } finally {
    bytes.fill(0);
  }
}
