import { Buffer } from "node:buffer";
import { type ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Connection } from "../listener/mod.ts";
import { COMMON_HEADERS, errorReply } from "./replies.ts";
import type { HttpReply } from "./surface.ts";

/** Requests that a client may send before it has read the answers to earlier ones. */
const MAX_PIPELINED = 16;
/** Then a client connects anew, so that none keeps its place for ever. */
const MAX_REQUESTS = 10_000;

/** How long a client may take, in milliseconds. */
export interface HttpTimes {
  /** For a request's head, from the start of the connection. */
  readonly headMs: number;
  /** For a body, from when it is asked for. */
  readonly bodyMs: number;
  /** Between requests. */
  readonly idleMs: number;
  /** To take an answer off our hands. */
  readonly takeMs: number;
}

/** One connection of the HTTP side: its requests are answered one after another. */
export class HttpConnection {
  #last: Promise<void> = Promise.resolve();
  #pending = 0;
  #served = 0;

  constructor(
    readonly socket: Socket,
    readonly connection: Connection,
    readonly times: HttpTimes,
    readonly isDraining: () => boolean,
  ) {}

  /** Answers after the requests before it. @param answer Its headers are checked already (checkHeaders()). */
  enqueue(response: ServerResponse, answer: () => Promise<HttpReply>): void {
    if (++this.#pending > MAX_PIPELINED) {
      this.close();
      return;
    }
    this.connection.begin();
    this.#last = this.#last.then(async () => {
      if (!this.socket.destroyed) await this.#send(response, await answer());
    }).catch(() => this.close()).finally(() => { // a rejection that nobody sees would end the process
      this.#pending--;
      this.connection.end();
      this.connection.expectWithin(this.times.idleMs);
    });
  }

  /** Answers what is no HTTP, or too much of it. */
  refuse(reason: Error & { code?: string }): void {
    // With an answer under way the client would take ours for a part of it.
    if (this.#pending > 0 || !this.socket.writable) {
      this.close();
      return;
    }
    const { status, body = "" } = reason.code === "HPE_HEADER_OVERFLOW"
      ? errorReply(431, "the request's head is too long")
      : errorReply(400, "this is not an HTTP/1.1 request");
    const headers = { ...COMMON_HEADERS, "content-type": "application/json", connection: "close" };
    const lines = Object.entries({ ...headers, "content-length": `${Buffer.byteLength(body)}` })
      .map(([name, value]) => `${name}: ${value}\r\n`);
    this.socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("")}\r\n${body}`, () => this.close());
  }

  /** Closes it unless a request, or a part of one, has arrived. */
  closeIfIdle(): void {
    if (this.#pending === 0 && this.connection.isIdle) this.close();
  }

  close(): void {
    this.connection.close();
  }

  /** Resolves when the kernel has taken the answer, or the connection is gone. */
  #send(response: ServerResponse, { status, headers, body = "", onSent }: HttpReply): Promise<void> {
    if (this.socket.destroyed) { // while the answer was made: none of the events below comes any more
      onSent?.();
      return Promise.resolve();
    }
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    const mayStay = !this.isDraining() && ++this.#served < MAX_REQUESTS;
    const sent = Promise.withResolvers<void>();
    const timer = setTimeout(() => this.close(), this.times.takeMs);
    response.once("close", sent.resolve).once("finish", sent.resolve).once("error", sent.resolve);
    response.writeHead(status, {
      ...COMMON_HEADERS,
      ...headers,
      ...(mayStay ? {} : { connection: "close" }),
      "content-length": bytes.length,
    });
    response.end(bytes); // node:http leaves the body out where the request was HEAD
    return sent.promise.finally(() => {
      clearTimeout(timer);
      onSent?.();
    });
  }
}
