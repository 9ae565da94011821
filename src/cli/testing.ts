/** A gRPC server for tests of the health probe; this file is part of no program. */

import "reflect-metadata"; // x509's dependency injection stops without it
import { Server, ServerCredentials, status, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { X509CertificateGenerator } from "@peculiar/x509";
import { Buffer } from "node:buffer";

export const SERVING = [0x08, 1];
export const NOT_SERVING = [0x08, 2];

/** A server by the gRPC library whose health method answers with these bytes, or with UNIMPLEMENTED. */
export async function healthServer(credentials: ServerCredentials, answer?: number[]) {
  const server = new Server();
  const bytes = { serialize: (value: Buffer) => value, deserialize: (value: Buffer) => value };
  const method = {
    path: "/grpc.health.v1.Health/Check",
    requestStream: false,
    responseStream: false,
    requestSerialize: bytes.serialize,
    requestDeserialize: bytes.deserialize,
    responseSerialize: bytes.serialize,
    responseDeserialize: bytes.deserialize,
  };
  const asked: Buffer[] = [];
  server.addService({ check: method }, {
    check(call: { request: Buffer }, reply: (error: unknown, value?: Buffer) => void) {
      asked.push(call.request);
      if (answer) reply(null, Buffer.from(answer));
      else reply({ code: status.UNIMPLEMENTED });
    },
  } as UntypedServiceImplementation);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", credentials, (error, bound) => error ? reject(error) : resolve(bound))
  );
  return { port, asked, [Symbol.dispose]: () => server.forceShutdown() };
}

/** For a name that is not the probed address: the probe must not mind. */
export async function selfSigned(): Promise<ServerCredentials> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]) as CryptoKeyPair;
  const now = Date.now();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: "CN=elsewhere.example",
    keys,
    notBefore: new Date(now - 86_400_000),
    notAfter: new Date(now + 86_400_000),
    signingAlgorithm: algorithm,
  });
  const der = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  const lines = der.toString("base64").replace(/.{64}/g, "$&\n").trimEnd();
  const key = Buffer.from(`-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n`);
  const chain = Buffer.from(certificate.toString("pem"));
  return ServerCredentials.createSsl(chain, [{ cert_chain: chain, private_key: key }]);
}
