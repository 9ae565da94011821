import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";
import type { Clock } from "#ports/clock.ts";
import { OnePort } from "../listener/mod.ts";
import { HttpServer, type HttpServerOptions } from "./http_server.ts";

/** A clock that stands until it is told to go on. */
export class HeldClock implements Clock {
  time = 0;
  now = (): number => this.time;
  monotonic = (): number => this.time;
}

/** The HTTP side on a port of its own, in clear text. */
export class HttpFixture implements AsyncDisposable {
  readonly clock = new HeldClock();
  readonly logged: string[] = [];
  readonly http: HttpServer;
  readonly #port: OnePort;
  number = 0;

  private constructor(options: Omit<HttpServerOptions, "log">) {
    const log = (_level: string, message: string) => void this.logged.push(message);
    this.http = new HttpServer({ ...options, log });
    const unused = { accept: (socket: Socket) => void socket.destroy() };
    this.#port = new OnePort({
      protocols: { http2: unused, http1: this.http },
      tls: undefined,
      clock: this.clock,
      log,
      sweepMs: 2,
    });
  }

  static async start(options: Omit<HttpServerOptions, "log">): Promise<HttpFixture> {
    const fixture = new HttpFixture(options);
    fixture.number = await fixture.#port.listen("127.0.0.1", 0);
    return fixture;
  }

  get connections(): number {
    return this.#port.connections;
  }

  connect(): RawConnection {
    return new RawConnection(this.number);
  }

  /** What comes back for these bytes until the server closes. */
  async exchange(...parts: (string | Uint8Array)[]): Promise<string> {
    const connection = this.connect();
    for (const part of parts) connection.send(part);
    return await connection.rest();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#port.close();
    await this.http.stop();
  }
}

/** A client that sends what it is told, byte for byte. */
export class RawConnection {
  readonly #socket: Socket;
  readonly #ended: Promise<void>;
  #text = "";
  #changed = Promise.withResolvers<void>();

  constructor(port: number) {
    this.#socket = connect({ host: "127.0.0.1", port });
    this.#socket.on("data", (chunk) => {
      this.#text += chunk.toString("latin1");
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    });
    this.#ended = new Promise((resolve) => this.#socket.on("error", () => {}).on("close", () => resolve()));
    this.#ended.then(() => this.#changed.resolve());
  }

  send(bytes: string | Uint8Array): void {
    this.#socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  /** Resolves when the answer so far has that text; throws when the server closes before. */
  async until(text: string): Promise<string> {
    while (!this.#text.includes(text)) {
      if (this.#socket.destroyed) throw new Error(`the server closed after: ${this.#text}`);
      await this.#changed.promise;
    }
    return this.#text;
  }

  /** All that came, once the server has closed. */
  async rest(): Promise<string> {
    await this.#ended;
    return this.#text;
  }

  close(): void {
    this.#socket.destroy();
  }
}
