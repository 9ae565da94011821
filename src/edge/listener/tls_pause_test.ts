import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { connect } from "node:tls";
import { testCertificates } from "../../../tests/support/certificates.ts";
import { until } from "../../../tests/support/until.ts";
import { OnePort } from "./mod.ts";

const MIB = 2 ** 20;
const SENT = new Uint8Array(64 * MIB).fill(0x61);
/** What the socket may hold, and what was on the way when it was paused. */
const AHEAD = MIB;

Deno.test("a paused TLS connection reads nothing more from its client, and all of it once it is resumed", async () => {
  const { ca, cert, key } = await testCertificates(), encode = (pem: string) => new TextEncoder().encode(pem);
  const accepted: Socket[] = [], held: Socket[] = [];
  const http1 = { accept: (socket: Socket) => void accepted.push(socket) };
  const port = new OnePort({
    protocols: { http2: http1, http1 },
    tls: { cert: encode(cert), key: encode(key) },
    clock: { now: () => 0, monotonic: () => 0 },
    log: () => {},
  });
  const number = await port.listen("127.0.0.1", 0);
  const open = async () => {
    const client = connect({
      host: "127.0.0.1",
      port: number,
      ca,
      servername: "localhost",
      ALPNProtocols: ["http/1.1"],
    });
    held.push(client.on("error", () => {}));
    const before = accepted.length;
    await until(() => accepted.length > before);
    return { client, served: accepted[before] };
  };
  try {
    const { client, served } = await open();
    let received = 0;
    served.on("data", (chunk) => {
      if (received === 0) served.pause();
      received += chunk.length;
    });
    client.write(SENT);
    await until(() => received > 0);
    for (let i = 0; i < 20 && served.bytesRead < AHEAD; i++) await open(); // the port is at work meanwhile
    assert.ok(served.bytesRead < AHEAD, `read ${served.bytesRead} bytes, handed on ${received}`);
    served.resume();
    await until(() => received === SENT.length);
  } finally {
    for (const client of held) client.destroy();
    port.close();
  }
});
