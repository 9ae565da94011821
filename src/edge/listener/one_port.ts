import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type Server as TlsServer, type TLSSocket } from "node:tls";
import { messageOf, VaultError } from "#errors/mod.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Connection } from "./connection.ts";
import { Connections } from "./connections.ts";
import { listenForProtocol, type Spoken } from "./first_bytes.ts";
import type { Protocols } from "./protocol.ts";
import { secureContextOf, type TlsFiles } from "./tls.ts";
import { pauseAtKernel } from "./tls_pause.ts";

/** Milliseconds from the TCP connection to the end of the TLS handshake, or to the first bytes in clear text. */
const GREETING_MS = 10_000;
const SWEEP_MS = 1_000;
/** Connections that wait to be accepted: what node:net asks for. */
const BACKLOG = 511;
/** Enough for a large team with several agents each; each takes a descriptor and some 50 KB. */
const MAX_CONNECTIONS = 4_096;

export interface OnePortOptions {
  readonly protocols: Protocols;
  /** Undefined: clear text. */
  readonly tls: TlsFiles | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** 4,096. */
  readonly maxConnections?: number;
  /** How often deadlines are looked at, in milliseconds; 1,000. */
  readonly sweepMs?: number;
}

/**
 * The port that gRPC and HTTP/1.1 share. Over TLS the client says by ALPN which it speaks (HTTP/1.1 where it offers
 * both, as browsers and curl do; gRPC clients offer h2 alone); in clear text its first bytes tell.
 */
export class OnePort {
  readonly #options: OnePortOptions;
  readonly #connections: Connections;
  readonly #server: Server;
  readonly #tlsServer: TlsServer | undefined;
  /** Connections whose handshake is under way, by endpointsOf(): a TLS socket does not tell which TCP socket it is on. */
  readonly #greeting = new Map<string, Connection>();
  #sweeper: ReturnType<typeof setInterval> | undefined;

  /** @throws {VaultError} when certificate and key are of no use. */
  constructor(options: OnePortOptions) {
    this.#options = options;
    this.#connections = new Connections(options.maxConnections ?? MAX_CONNECTIONS, options.clock);
    this.#server = createServer({ noDelay: true }, (socket) => this.#greet(socket));
    if (options.tls) this.#tlsServer = this.#createTlsServer(options.tls);
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#connections.count;
  }

  /**
   * Starts to listen.
   *
   * @param port 0 picks a free one.
   * @returns The port.
   * @throws {VaultError} when the address cannot be had.
   */
  async listen(host: string, port: number): Promise<number> {
    const listening = Promise.withResolvers<void>();
    this.#server.once("error", listening.reject);
    this.#server.listen({ host: host.replace(/^\[(.*)\]$/, "$1"), port }, () => listening.resolve());
    try {
      await listening.promise;
    } catch (reason) {
      throw new VaultError("UNAVAILABLE", `server: listen ${host}:${port}: ${messageOf(reason)}`);
    }
    this.#server.off("error", listening.reject);
    this.#server.on("error", (reason) => this.#options.log("error", `server: accept: ${messageOf(reason)}`));
    this.#sweeper = setInterval(() => this.#sweep(), this.#options.sweepMs ?? SWEEP_MS);
    const address = this.#server.address();
    return typeof address === "object" && address ? address.port : port;
  }

  /**
   * New connections get this certificate; those that are open go on with theirs.
   *
   * @throws {VaultError} when it is of no use; the old one stays.
   */
  useCertificate(tls: TlsFiles): void {
    try {
      this.#tlsServer?.setSecureContext(secureContextOf(tls));
    } catch (reason) {
      throw tlsFailure(reason);
    }
  }

  /** Accepts nothing new and closes what has sent no request yet; the protocols drain the rest. */
  stopAccepting(): void {
    if (this.#server.listening) this.#server.close();
    this.#connections.closeAll((connection) => !connection.isProven && connection.isIdle);
  }

  /** Cuts what is left. */
  close(): void {
    this.stopAccepting();
    clearInterval(this.#sweeper);
    this.#connections.closeAll();
  }

  #sweep(): void {
    this.#connections.sweep();
    // An accept() that fails, for want of descriptors say, makes Deno's net server deaf for ever without a word, and it
    // tells nobody; to listen again wakes it, and is nothing where it is awake.
    const { _handle } = this.#server as unknown as { _handle?: { listen?(backlog: number): number } | null };
    if (this.#server.listening) _handle?.listen?.(BACKLOG);
  }

  #greet(socket: Socket): void {
    socket.on("error", () => socket.destroy()); // an error without a listener would end the process
    const connection = this.#connections.admit(socket);
    if (!connection) return;
    connection.expectWithin(GREETING_MS);
    if (!this.#tlsServer) {
      listenForProtocol(socket, (spoken) => this.#serve(spoken, socket, connection));
      return;
    }
    const endpoints = endpointsOf(socket);
    this.#greeting.set(endpoints, connection);
    socket.once("close", () => {
      if (this.#greeting.get(endpoints) === connection) this.#greeting.delete(endpoints);
    });
    this.#tlsServer.emit("connection", socket);
  }

  #createTlsServer(tls: TlsFiles): TlsServer {
    const alpn = this.#options.protocols.http1 ? ["http/1.1", "h2"] : ["h2"];
    const server = tlsServerOf(tls, alpn);
    server.on("secureConnection", (socket) => this.#greetSecurely(socket));
    server.on("tlsClientError", (_reason, socket) => socket.destroy());
    return server;
  }

  #greetSecurely(socket: TLSSocket): void {
    socket.on("error", () => socket.destroy());
    const endpoints = endpointsOf(socket), connection = this.#greeting.get(endpoints);
    if (!connection) {
      socket.destroy(); // it was evicted, or the client is gone
      return;
    }
    this.#greeting.delete(endpoints);
    connection.reads(socket);
    // A client without ALPN speaks HTTP/1.1: HTTP/2 over TLS demands it (RFC 9113, section 3.2).
    const spoken = socket.alpnProtocol === "h2" ? "http2" : "http1";
    if (spoken === "http1") pauseAtKernel(socket); // HTTP/2 has windows of its own
    this.#serve(spoken, socket, connection);
  }

  #serve(spoken: Spoken, socket: Socket, connection: Connection): void {
    // A handshake may end after stopAccepting(): the protocols drain, and take nothing new.
    const protocol = this.#server.listening ? this.#options.protocols[spoken] : undefined;
    if (protocol) protocol.accept(socket, connection);
    else connection.close();
  }
}

/** What no two open connections share. */
function endpointsOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}

function tlsServerOf(tls: TlsFiles, alpn: string[]): TlsServer {
  try {
    return createTlsServer({ ...secureContextOf(tls), ALPNProtocols: alpn, handshakeTimeout: 2 * GREETING_MS });
  } catch (reason) {
    throw tlsFailure(reason);
  }
}

function tlsFailure(reason: unknown): VaultError {
  return new VaultError("FAILED_PRECONDITION", `server: tls: ${messageOf(reason)}`);
}
