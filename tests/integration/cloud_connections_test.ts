/**
 * A cloud that accepts connections and does nothing good with them: none may stay open when the client has been closed,
 * since there is a client for each try, for as long as the vault runs.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { createSecureServer } from "node:http2";
import { EnvectorClient } from "#adapters/cloud/mod.ts";
import { testCertificates } from "../support/certificates.ts";

const { ca, cert, key } = await testCertificates();

/** A server that counts its connections. */
class BadCloud implements AsyncDisposable {
  /** Made so far. */
  accepted = 0;
  readonly #open = new Set<Socket>();

  private constructor(readonly server: Server, readonly port: number) {}

  static async start(server: Server): Promise<BadCloud> {
    const port = await new Promise<number>((resolve) =>
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port))
    );
    const cloud = new BadCloud(server, port);
    server.on("connection", (socket: Socket) => {
      cloud.accepted++;
      cloud.#open.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => cloud.#open.delete(socket));
    });
    return cloud;
  }

  /** How many are still open after the time that closing them may take. */
  async leftOpen(): Promise<number> {
    for (let i = 0; i < 100 && this.#open.size > 0; i++) await new Promise((resolve) => setTimeout(resolve, 20));
    return this.#open.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

const goingAway = () => {
  const server = createSecureServer({ cert, key });
  server.on("session", (session) => session.on("error", () => {}).goaway());
  return server as unknown as Server;
};

for (
  const { name, server } of [
    { name: "never answers the handshake", server: () => createServer((socket) => socket.resume()) },
    {
      name: "never speaks after the handshake",
      server: () => createTlsServer({ cert, key, ALPNProtocols: ["h2"] }, (socket) => socket.resume()) as Server,
    },
    {
      name: "speaks no TLS",
      server: () =>
        createServer((socket) => {
          socket.resume();
          socket.write("HTTP/1.1 400 Bad Request\r\n\r\n");
        }),
    },
    {
      name: "speaks HTTP/1.1 over TLS",
      server: () =>
        createTlsServer({ cert, key }, (socket) => {
          socket.on("error", () => {});
          socket.resume();
          socket.write("HTTP/1.1 400 Bad Request\r\n\r\n");
        }) as Server,
    },
    { name: "hangs up", server: () => createServer((socket) => socket.destroy()) },
    { name: "resets the connection", server: () => createServer((socket) => void socket.resetAndDestroy()) },
    {
      name: "resets the connection during the handshake",
      server: () => createServer((socket) => void socket.once("data", () => socket.resetAndDestroy())),
    },
    {
      name: "resets the connection after the handshake",
      server: () =>
        createTlsServer({ cert, key, ALPNProtocols: ["h2"] }, (socket) => {
          socket.on("error", () => {});
          socket.once("data", () => socket.destroy());
        }) as Server,
    },
    { name: "goes away as soon as it is there", server: goingAway },
  ]
) {
  Deno.test(`EnvectorClient leaves no connection open to a server that ${name}`, async () => {
    await using cloud = await BadCloud.start(server());
    for (let tries = 0; tries < 3; tries++) {
      const address = { host: "localhost", port: cloud.port }, deadlines = { unaryMs: 300, uploadMs: 300 };
      const client = new EnvectorClient({ address, apiKey: "test-api-key", ca: [ca], deadlines });
      await assert.rejects(client.keyList(), /^CloudError: envector: get_key_list: [A-Z_]+: /);
      client.close();
    }
    assert.equal(await cloud.leftOpen(), 0);
    assert.ok(cloud.accepted >= 3 && cloud.accepted <= 9, `${cloud.accepted} connections for three calls`);
  });
}
