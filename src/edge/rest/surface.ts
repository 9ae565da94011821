/**
 * What the HTTP/1.1 side of the one port hands to each of its parts: /health, /metrics, the secrets APIs.
 *
 * @module
 */

/** One request after its head has arrived and been checked against the limits; its body is still on the way. */
export interface HttpRequest {
  /** Upper case, e.g. `GET`. */
  readonly method: string;
  /** As sent, undecoded, without the query; starts with `/`. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** A header by its lower-case name; repeated ones are joined by `, `. */
  header(name: string): string | undefined;
  /** The address at the other end of the connection, without a port; IPv4-mapped IPv6 is given as IPv4. */
  readonly peerAddress: string;
  /**
   * Reads the whole body; may be called once.
   *
   * @throws {HttpBodyError} when it is longer than `maxBytes`, too slow, or cut off.
   */
  body(maxBytes: number): Promise<Uint8Array>;
}

export interface HttpReply {
  readonly status: number;
  /** Lower-case names; `content-length` is added. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** The template that metrics count it by, e.g. `/v1/secrets/{name}`; without it that of the surface. */
  readonly route?: string;
  /** Called once the body is out of our hands, or the connection is gone: time to wipe it. */
  readonly onSent?: () => void;
}

/** A part of the HTTP side. */
export interface HttpSurface {
  /** Whether the request is this part's, by its undecoded path. */
  owns(path: string): boolean;
  /** Answers; what it throws becomes a bare 500 and a line in the log. */
  handle(request: HttpRequest): Promise<HttpReply>;
}

/** Why a body could not be read; the surface answers in its own shape. */
export class HttpBodyError extends Error {
  override readonly name = "HttpBodyError";

  constructor(readonly status: 400 | 408 | 413, message: string) {
    super(message);
  }
}
