import type { HttpReply, HttpRequest, HttpSurface } from "../surface.ts";
import { openApiDocument } from "../openapi/mod.ts";
import type { Log } from "#ports/log.ts";
import { messageOf } from "#errors/mod.ts";
import { errorReply, methodNotAllowed } from "../replies.ts";
import { textReply } from "./reply.ts";

export interface OpenParts {
  /** Rejects while the store cannot be read. */
  readonly probe: () => Promise<unknown>;
  /** Of the vault, for openapi.json. */
  readonly version: string;
  readonly log: Log;
}

/** What needs no token: `/healthz`, `/readyz` and `/openapi.json`. Contract secrets.md A.3 and B.4. */
export class OpenSurface implements HttpSurface {
  readonly #routes: Readonly<Record<string, () => HttpReply | Promise<HttpReply>>>;

  constructor(parts: OpenParts) {
    const document = new TextEncoder().encode(JSON.stringify(openApiDocument(parts.version)));
    this.#routes = {
      "/healthz": () => textReply(200, "ok"),
      "/readyz": () => ready(parts),
      "/openapi.json": () => ({ status: 200, headers: { "content-type": "application/json" }, body: document }),
    };
  }

  /** As in openapi.json. */
  get templates(): readonly string[] {
    return Object.keys(this.#routes);
  }

  owns(path: string): boolean {
    return Object.hasOwn(this.#routes, path);
  }

  async handle({ method, path }: HttpRequest): Promise<HttpReply> {
    if (method !== "GET" && method !== "HEAD") return methodNotAllowed("GET, HEAD");
    return { ...await this.#routes[path](), route: path };
  }
}

async function ready({ probe, log }: OpenParts): Promise<HttpReply> {
  try {
    await probe();
    return textReply(200, "ready");
  } catch (reason) {
    log("error", `readyz: ${messageOf(reason)}`);
    return errorReply(500, "internal error");
  }
}
