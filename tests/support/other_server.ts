/**
 * Somebody else's HTTP server where the daemon's admin socket should be: gives the same answer to everything. What the
 * daemon itself answers is tested on the daemon.
 */
export class OtherServer implements AsyncDisposable {
  readonly #server: Deno.HttpServer;

  /** @param body Text, or a promise of it for a server that takes its time. */
  constructor(socketPath: string, status: number, body: string | Promise<string>) {
    this.#server = Deno.serve({ path: socketPath, onListen() {} }, async () => new Response(await body, { status }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}
