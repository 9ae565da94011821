import { Server } from "@grpc/grpc-js";
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { OnePort } from "../listener/mod.ts";
import { testCertificates } from "../../../tests/support/certificates.ts";
import { Sessions } from "./sessions.ts";

const clock = () => ({ time: 0, now: () => 0, monotonic: () => 0 });

/** A gRPC server without services on a port of its own, whose time stands until it is told to go on. */
class Fixture implements AsyncDisposable {
  readonly clock = clock();
  readonly #server = new Server();
  readonly #port: OnePort;
  number = 0;

  private constructor(readonly ca: string, tls?: { cert: Uint8Array; key: Uint8Array }) {
    this.clock.monotonic = () => this.clock.time;
    const log = (_level: string, message: string) => assert.fail(message);
    const protocols = {
      http2: new Sessions(this.#server),
      http1: { accept: (socket: Socket) => void socket.destroy() },
    };
    this.#port = new OnePort({ protocols, tls, clock: this.clock, log, sweepMs: 2 });
  }

  static async start({ tls = true } = {}): Promise<Fixture> {
    const { ca, cert, key } = await testCertificates(), encoder = new TextEncoder();
    const files = { cert: encoder.encode(cert), key: encoder.encode(key) };
    const fixture = new Fixture(ca, tls ? files : undefined);
    fixture.number = await fixture.#port.listen("127.0.0.1", 0);
    return fixture;
  }

  get connections(): number {
    return this.#port.connections;
  }

  async until(connections: number): Promise<void> {
    while (this.connections !== connections) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#port.close();
    await this.until(0);
    this.#server.forceShutdown();
  }
}

for (
  const { name, open } of [
    { name: "sends nothing at all", open: ({ number }: Fixture) => connectTcp(number, "127.0.0.1") },
    {
      name: "is silent after the TLS handshake",
      open: async ({ number, ca }: Fixture) => {
        const socket = connectTls({ host: "localhost", port: number, ca, ALPNProtocols: ["h2"] });
        await once(socket, "secureConnect");
        assert.equal(socket.alpnProtocol, "h2");
        return socket;
      },
    },
    {
      name: "sends the preface without settings",
      open: async ({ number, ca }: Fixture) => {
        const socket = connectTls({ host: "localhost", port: number, ca, ALPNProtocols: ["h2"] });
        await once(socket, "secureConnect");
        socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        return socket;
      },
    },
  ]
) {
  Deno.test(`a client that ${name} is cut after 10 s, one that speaks HTTP/2 stays`, async () => {
    await using fixture = await Fixture.start();
    const session = connectHttp2(`https://localhost:${fixture.number}`, { ca: fixture.ca });
    await once(session, "remoteSettings");
    const silent: Socket = await open(fixture);
    silent.on("error", () => {}).resume();
    await fixture.until(2);
    await new Promise<void>((resolve, reject) => session.ping((error) => error ? reject(error) : resolve()));
    fixture.clock.time = 10_000;
    await new Promise((resolve) => setTimeout(resolve, 20)); // some sweeps that must find nothing
    assert.equal(fixture.connections, 2);
    const closed = once(silent, "close");
    fixture.clock.time = 10_200;
    await closed;
    await fixture.until(1);
    assert.equal(session.closed, false);
    session.destroy();
  });
}

Deno.test("connections that are reset at any point of a TLS handshake leave nothing behind", async () => {
  await using fixture = await Fixture.start();
  const hello = await clientHello();
  for (let round = 0; round < 100; round++) {
    const socket = connectTcp(fixture.number, "127.0.0.1").on("error", () => {});
    await once(socket, "connect");
    const length = Math.floor(round / 100 * (hello.length + 1));
    if (length > 0) await new Promise((resolve) => socket.write(hello.subarray(0, length), resolve));
    if (round % 10 === 9) await new Promise((resolve) => setTimeout(resolve, 5)); // the server's answer is on its way
    socket.resetAndDestroy();
  }
  await fixture.until(0);
  const session = connectHttp2(`https://localhost:${fixture.number}`, { ca: fixture.ca });
  await once(session, "remoteSettings");
  session.destroy();
});

/** What a TLS client sends first. */
async function clientHello(): Promise<Uint8Array<ArrayBuffer>> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const client = connectTls({ host: "127.0.0.1", port: listener.addr.port, servername: "localhost" });
  client.on("error", () => {});
  using connection = await listener.accept();
  const bytes = new Uint8Array(16_384), length = await connection.read(bytes);
  client.destroy();
  return bytes.slice(0, length!);
}
