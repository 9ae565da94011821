import type { Socket } from "node:net";
import type { Connection } from "./connection.ts";

/** What serves the connections of one protocol on the port. */
export interface Protocol {
  /**
   * Takes a connection over.
   *
   * @param socket Clear text to read and write: the TCP connection, or TLS on top of it.
   * @param connection Where the protocol reports when requests begin and end.
   */
  accept(socket: Socket, connection: Connection): void;
}

/** Who speaks what; without `http1` the port is for gRPC alone. */
export interface Protocols {
  readonly http2: Protocol;
  readonly http1?: Protocol;
}
