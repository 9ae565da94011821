import type { AddressSet } from "#domain/network/mod.ts";
import type { TokenService } from "#domain/tokens/mod.ts";
import { VaultError } from "#errors/mod.ts";
import type { Log } from "#ports/log.ts";
import { errorReply, methodNotAllowed } from "./replies.ts";
import type { HttpReply, HttpRequest, HttpSurface } from "./surface.ts";

const PATH = "/metrics";
/** What a role needs to read the metrics from anywhere. */
const SCOPE = "metrics";
/** More is no token (contract runevault.md 1.4 has 36) and is not worth a digest. */
const MAX_TOKEN = 256;

export interface MetricsSurfaceOptions {
  readonly tokens: TokenService;
  /** Addresses that need no token. */
  readonly allowed: AddressSet;
  /** The metrics in Prometheus' text format. */
  readonly source: { readonly contentType: string; text(): Promise<string> };
  readonly log: Log;
}

/** `GET /metrics`, for allowed addresses and for tokens whose role has the scope `metrics`. */
export class MetricsSurface implements HttpSurface {
  readonly #options: MetricsSurfaceOptions;

  constructor(options: MetricsSurfaceOptions) {
    this.#options = options;
  }

  owns(path: string): boolean {
    return path === PATH;
  }

  async handle(request: HttpRequest): Promise<HttpReply> {
    const { source, log } = this.#options;
    if (request.method !== "GET" && request.method !== "HEAD") {
      return methodNotAllowed("GET, HEAD");
    }
    const refusal = this.#refusalOf(request);
    if (refusal) {
      log("warn", `${PATH}: refused ${request.peerAddress}: ${refusal.status}`);
      return refusal;
    }
    return { status: 200, headers: { "content-type": source.contentType }, body: await source.text() };
  }

  #refusalOf(request: HttpRequest): HttpReply | undefined {
    const { allowed, tokens } = this.#options;
    if (allowed.has(request.peerAddress)) return undefined;
    const token = bearerToken(request.header("authorization"));
    if (token === undefined) return unauthorized();
    try {
      tokens.authorize(tokens.find(token), SCOPE);
      return undefined;
    } catch (reason) {
      if (reason instanceof VaultError) return toReply(reason);
      throw reason;
    }
  }
}

function bearerToken(header: string | undefined): string | undefined {
  const token = /^Bearer +(\S+)$/i.exec(header ?? "")?.[1];
  return token && token.length <= MAX_TOKEN ? token : undefined;
}

/** An unknown and an expired token get the same answer, which names nobody. */
function toReply({ code, message }: VaultError): HttpReply {
  if (code === "PERMISSION_DENIED") return errorReply(403, `the token's role lacks the scope '${SCOPE}'`);
  if (code !== "RESOURCE_EXHAUSTED") return unauthorized();
  const seconds = /(\d+)s$/.exec(message)?.[1];
  return errorReply(429, message, seconds === undefined ? {} : { "retry-after": seconds });
}

function unauthorized(): HttpReply {
  const text = `needs a token whose role has the scope '${SCOPE}', or an address in server.http.metrics_allow`;
  return errorReply(401, text, { "www-authenticate": 'Bearer realm="runevault"' });
}
