import { Buffer } from "node:buffer";
import type { SecureContextOptions } from "node:tls";

/** PEM files of the server. */
export interface TlsFiles {
  /** Certificate, and the chain to its CA. */
  readonly cert: Uint8Array;
  readonly key: Uint8Array;
}

/**
 * TLS 1.2 and 1.3. Deno's TLS (rustls) knows nothing older, no suite but ECDHE with an AEAD cipher, and no renegotiation;
 * tls_test.ts holds it to that.
 */
export function secureContextOf({ cert, key }: TlsFiles): SecureContextOptions {
  return { cert: Buffer.from(cert), key: Buffer.from(key), minVersion: "TLSv1.2", maxVersion: "TLSv1.3" };
}
