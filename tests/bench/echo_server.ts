/**
 * What the vault's stack can do at best: the same gRPC server, TLS and message sizes, and a handler that does nothing.
 * Started by bench.ts with the directory of a certificate and, for the vault's listener in place of grpc-js's own,
 * `one-port`; prints its port.
 *
 * @module
 */
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { Buffer } from "node:buffer";
import { GRPC_OPTIONS, Sessions } from "#edge/grpc/mod.ts";
import { OnePort, type Protocol } from "#edge/listener/mod.ts";
import { systemClock } from "#ports/clock.ts";
import "./loop_probe.ts"; // it costs a little, so both servers carry it

const [certs, listener] = Deno.args;
const server = new Server(GRPC_OPTIONS);
const bytes = (message: Buffer) => message;
server.addService({
  Echo: {
    path: "/bench.Echo/Echo",
    requestStream: false,
    responseStream: false,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  },
}, { Echo: (_call: unknown, callback: (error: null, response: Buffer) => void) => callback(null, Buffer.alloc(60)) });

const cert = Buffer.from(Deno.readFileSync(`${certs}/server.pem`));
const key = Buffer.from(Deno.readFileSync(`${certs}/server.key`));

if (listener === "one-port") {
  const http2 = new Sessions(server);
  const http1: Protocol = { accept: (socket) => socket.destroy() };
  const port = new OnePort({ protocols: { http2, http1 }, tls: { cert, key }, clock: systemClock, log: () => {} });
  console.log(`port ${await port.listen("127.0.0.1", 0)}`);
} else {
  const credentials = ServerCredentials.createSsl(cert, [{ cert_chain: cert, private_key: key }]);
  server.bindAsync("127.0.0.1:0", credentials, (error, port) => {
    if (error) throw error;
    console.log(`port ${port}`);
  });
}
