import { ServerCredentials } from "@grpc/grpc-js";
import assert from "node:assert/strict";
import { addressText, probeHost } from "#config/mod.ts";
import { probeGrpc } from "./grpc_probe.ts";
import { healthServer, NOT_SERVING, selfSigned, SERVING } from "./testing.ts";

for (
  const { name, answer, want } of [
    { name: "SERVING", answer: SERVING, want: { ok: true } },
    { name: "NOT_SERVING", answer: NOT_SERVING, want: { ok: false, cause: "NOT_SERVING" } },
    { name: "an UNKNOWN of no bytes", answer: [], want: { ok: false, cause: "no health status" } },
    { name: "an error status", answer: undefined, want: { ok: false, cause: "no health status" } },
    {
      name: "an endless answer",
      answer: Array(2000).fill(8),
      want: { ok: false, cause: "the answer is not a health status" },
    },
  ]
) {
  for (const tls of [true, false]) {
    Deno.test(`probeGrpc() takes ${name} ${tls ? "over TLS" : "in clear text"} from the gRPC library's server`, async () => {
      using server = await healthServer(tls ? await selfSigned() : ServerCredentials.createInsecure(), answer);
      const { port, asked } = server;
      const grpc = { host: "0.0.0.0", port, tls: { cert: "", key: "", disable: !tls } };
      assert.deepEqual(await probeGrpc(grpc), want);
      assert.deepEqual(asked.map(({ length }) => length), [0]);
    });
  }
}

Deno.test("probeGrpc() says why when nobody listens", async () => {
  const { port } = await healthServer(ServerCredentials.createInsecure()).then((server) => {
    server[Symbol.dispose]();
    return server;
  });
  assert.deepEqual(await probeGrpc({ host: "", port, tls: { cert: "", key: "", disable: true } }), {
    ok: false,
    cause: `connect ECONNREFUSED 127.0.0.1:${port}`,
  });
});

Deno.test("probeGrpc() fails on a server of another protocol", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const served = listener.accept().then(async (connection) => {
    await connection.write(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"));
    connection.close();
  });
  const { port } = listener.addr;
  const { ok } = await probeGrpc({ host: "127.0.0.1", port, tls: { cert: "", key: "", disable: true } });
  assert.equal(ok, false);
  await served;
});

for (
  const { host, probed, shown } of [
    { host: "", probed: "127.0.0.1", shown: ":50051" },
    { host: "0.0.0.0", probed: "127.0.0.1", shown: "0.0.0.0:50051" },
    { host: "localhost", probed: "127.0.0.1", shown: "localhost:50051" },
    { host: "[::]", probed: "::1", shown: "[::]:50051" },
    { host: "::", probed: "::1", shown: "[::]:50051" },
    { host: "10.0.0.7", probed: "10.0.0.7", shown: "10.0.0.7:50051" },
    { host: "vault.internal", probed: "vault.internal", shown: "vault.internal:50051" },
  ]
) {
  Deno.test(`a listener on "${host}" is probed at ${probed} and shown as ${shown}`, () => {
    assert.equal(probeHost(host), probed);
    assert.equal(addressText({ host, port: 50051 }), shown);
  });
}
