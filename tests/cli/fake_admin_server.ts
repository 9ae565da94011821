/** One request as it came in over the socket. */
export interface Received {
  readonly method: string;
  /** The request target as sent, percent-encoding and all. */
  readonly target: string;
  /** The JSON body, undefined when there was none. */
  readonly body?: unknown;
}

/** A status and what is sent as the body: a string as it is, anything else as JSON. */
export interface Answer {
  readonly status?: number;
  readonly body: unknown;
}

/** Listens on an admin socket, records what it receives and gives the same answer to everything. */
export class FakeAdminServer implements AsyncDisposable {
  readonly received: Received[] = [];
  readonly #server: Deno.HttpServer;

  constructor(socketPath: string, answer: Answer | ((request: Received) => Promise<Answer>)) {
    this.#server = Deno.serve({ path: socketPath, onListen() {} }, async (request) => {
      const text = await request.text();
      const target = request.url.replace(/^[a-z+]+:\/\/[^/]*/, "");
      const received = { method: request.method, target, ...text !== "" && { body: JSON.parse(text) } };
      this.received.push(received);
      const { status = 200, body } = typeof answer === "function" ? await answer(received) : answer;
      return new Response(typeof body === "string" ? body : JSON.stringify(body), { status });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}
