import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { messageOf } from "#errors/mod.ts";
import type { Log } from "#ports/log.ts";
import type { Connection, Protocol } from "../listener/mod.ts";
import { HttpConnection, type HttpTimes } from "./http_connection.ts";
import { checkHeaders, errorReply } from "./replies.ts";
import { BodyDiscarder, readBody, SHORT_BYTES } from "./read_body.ts";
import { peerAddressOf, readHead, type RequestHead } from "./request_head.ts";
import { HttpBodyError, type HttpReply, type HttpRequest, type HttpSurface } from "./surface.ts";

const MAX_HEAD_BYTES = 16_384;
const DRAIN_MS = 5_000;
const DRAIN_CHECK_MS = 20;

const TIMES: HttpTimes = { headMs: 10_000, bodyMs: 30_000, idleMs: 75_000, takeMs: 30_000 };

export interface HttpServerOptions {
  /** Asked in this order whether a path is theirs. */
  readonly surfaces: readonly HttpSurface[];
  readonly log: Log;
  readonly times?: Partial<HttpTimes>;
}

/** The HTTP/1.1 side of the port: finds the part that a request is for, and bounds what a request may cost. */
export class HttpServer implements Protocol {
  readonly #options: HttpServerOptions;
  readonly #times: HttpTimes;
  readonly #server: Server;
  readonly #connections = new Map<Socket, HttpConnection>();
  readonly #discarder = new BodyDiscarder();
  #isDraining = false;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#times = { ...TIMES, ...options.times };
    // Time limits are the connections' own: those of node:http are looked after by a server that listens itself.
    const keepAliveTimeout = this.#times.idleMs;
    const limits = { maxHeaderSize: MAX_HEAD_BYTES, headersTimeout: 0, requestTimeout: 0, keepAliveTimeout };
    const requireHostHeader = false; // node:http would answer by itself, out of turn: readHead() refuses
    this.#server = createServer({ ...limits, requireHostHeader });
    // node:http ends each connection with its first answer unless its server listens; here the port does that.
    Object.defineProperty(this.#server, "listening", { get: () => !this.#isDraining });
    this.#server.maxHeadersCount = 0; // it would drop headers in silence; readHead() refuses
    this.#server.on("request", (message, response) => this.#receive(message, response, false));
    this.#server.on("checkContinue", (message, response) => this.#receive(message, response, true));
    this.#server.on("checkExpectation", (message, response) => {
      this.#connections.get(message.socket)?.enqueue(response, () => Promise.resolve(errorReply(417, "not expected")));
    });
    this.#server.on("clientError", (reason, socket) => this.#connections.get(socket as Socket)?.refuse(reason));
  }

  /** Takes a connection over whose client speaks HTTP/1.1. */
  accept(socket: Socket, connection: Connection): void {
    const http = new HttpConnection(socket, connection, this.#times, () => this.#isDraining);
    this.#connections.set(socket, http);
    socket.once("close", () => this.#connections.delete(socket));
    connection.expectWithin(this.#times.headMs);
    this.#server.emit("connection", socket);
  }

  /** Closes connections as they have nothing under way; after 5 s the rest is cut. Stopping twice is harmless. */
  async stop(): Promise<void> {
    this.#isDraining = true;
    const until = performance.now() + DRAIN_MS;
    while (performance.now() < until) {
      for (const http of this.#connections.values()) http.closeIfIdle();
      if (this.#connections.size === 0) return;
      await new Promise((resolve) => setTimeout(resolve, DRAIN_CHECK_MS));
    }
    for (const http of this.#connections.values()) http.close();
  }

  #receive(message: IncomingMessage, response: ServerResponse, awaitsContinue: boolean): void {
    const http = this.#connections.get(message.socket);
    if (!http) {
      message.destroy();
      return;
    }
    const head = readHead(message);
    // Until somebody asks for the body: strangers send bodies too, and node:http would read ahead.
    if ("refusal" in head || head.bodyLength > SHORT_BYTES) message.socket.pause();
    http.enqueue(response, async () => {
      if ("refusal" in head) return closing(head.refusal);
      const request = new NodeRequest(message, head, this.#times.bodyMs, () => {
        if (awaitsContinue) response.writeContinue();
        awaitsContinue = false;
      });
      const reply = await this.#answer(request);
      // An unread body would be taken for the next request.
      const isAtEnd = !awaitsContinue && await this.#discarder.discard(message, head.bodyLength, http.connection.now());
      return isAtEnd ? reply : closing(reply);
    });
  }

  async #answer(request: HttpRequest): Promise<HttpReply> {
    try {
      const surface = this.#options.surfaces.find((candidate) => candidate.owns(request.path));
      const reply = surface ? await surface.handle(request) : errorReply(404, "not found");
      checkHeaders(reply);
      return reply;
    } catch (reason) {
      if (reason instanceof HttpBodyError) return errorReply(reason.status, reason.message);
      this.#options.log("error", `http: ${messageOf(reason)}`);
      return errorReply(500, "internal error");
    }
  }
}

class NodeRequest implements HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly peerAddress: string;
  #isRead = false;

  constructor(
    readonly message: IncomingMessage,
    readonly head: RequestHead,
    readonly bodyMs: number,
    readonly beforeBody: () => void,
  ) {
    this.method = message.method ?? "";
    this.path = head.path;
    this.query = head.query;
    this.peerAddress = peerAddressOf(message.socket.remoteAddress);
  }

  header(name: string): string | undefined {
    return this.head.headers.get(name);
  }

  body(maxBytes: number): Promise<Uint8Array> {
    if (this.#isRead) throw new Error("the body has been read before");
    this.#isRead = true;
    const { bodyLength: length } = this.head;
    if (length <= maxBytes || length === Infinity) this.beforeBody();
    return readBody(this.message, { length, maxBytes, timeoutMs: this.bodyMs });
  }
}

function closing(reply: HttpReply): HttpReply {
  return { ...reply, headers: { ...reply.headers, connection: "close" } };
}
