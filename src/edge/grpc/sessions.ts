import { type Server, ServerCredentials } from "@grpc/grpc-js";
import type { Http2Server, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { VaultError } from "#errors/mod.ts";
import type { Connection, Protocol } from "../listener/mod.ts";

/** From the end of the TLS handshake, or the preface, to the client's settings, with which every HTTP/2 client begins. */
const SETTINGS_MS = 10_000;

/** The HTTP/2 connections of a grpc-js server that the port hands over, one session each. */
export class Sessions implements Protocol {
  /** What grpc-js serves them with. */
  readonly http2Servers: readonly Http2Server[];
  readonly #injector: ReturnType<Server["createConnectionInjector"]>;
  readonly #open = new Set<ServerHttp2Session>();
  /** Whose session is being made: grpc-js makes it before accept() returns. */
  #arriving: Connection | undefined;

  /** @throws {VaultError} when grpc-js hides what bounds its memory. */
  constructor(server: Server) {
    this.#injector = server.createConnectionInjector(ServerCredentials.createInsecure());
    this.http2Servers = http2ServersOf(server);
    for (const http2Server of this.http2Servers) {
      http2Server.on("session", (session: ServerHttp2Session) => this.#track(session));
    }
  }

  /** Takes a connection over whose client speaks HTTP/2. */
  accept(socket: Socket, connection: Connection): void {
    connection.expectWithin(SETTINGS_MS);
    this.#arriving = connection;
    this.#injector.injectConnection(socket);
    this.#arriving = undefined;
  }

  /** Resolves when the sessions that are open now have closed. */
  async closed(): Promise<void> {
    await Promise.all(
      [...this.#open].map((session) => new Promise<void>((resolve) => session.once("close", () => resolve()))),
    );
  }

  cut(): void {
    for (const session of this.#open) session.destroy();
  }

  #track(session: ServerHttp2Session): void {
    const connection = this.#arriving;
    this.#open.add(session);
    session.on("close", () => this.#open.delete(session));
    if (!connection) return;
    session.once("remoteSettings", () => connection.settle()); // from here on keepalive finds out who is gone
    session.on("stream", (stream: ServerHttp2Stream) => {
      connection.begin();
      stream.once("close", () => connection.end());
    });
  }
}

/** grpc-js does not hand out its HTTP/2 servers, and nothing else sees a request before its body is in memory. */
function http2ServersOf(server: Server): Http2Server[] {
  const servers = (server as unknown as { http2Servers?: Map<Http2Server, unknown> }).http2Servers;
  if (servers && servers.size > 0) return [...servers.keys()];
  throw new VaultError("INTERNAL", "this version of @grpc/grpc-js hides its HTTP/2 servers: memory cannot be bounded");
}
