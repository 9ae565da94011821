import type { Socket } from "node:net";
import type { Clock } from "#ports/clock.ts";
import { Connection } from "./connection.ts";

/** What a request may take, in milliseconds, before it is suspect on a port that is full of requests. */
const PATIENCE_MS = 10_000;

/**
 * Bounds what strangers hold: so many connections and no more. When the port is full, a new one takes the place of the
 * one that has waited longest without a request in flight; those that never sent a whole request go first, so that a
 * crowd of silent connections cannot push out the ones that are used. Where all have requests in flight, as when a crowd
 * sends its bodies byte by byte, the one goes whose last request began longest ago, at least 10 s.
 */
export class Connections {
  readonly #open = new Set<Connection>();
  readonly #clock: Clock;
  readonly #limit: number;

  constructor(limit: number, clock: Clock) {
    this.#limit = limit;
    this.#clock = clock;
  }

  get count(): number {
    return this.#open.size;
  }

  /** @returns Undefined when the port is full of requests in flight: the connection is closed. */
  admit(socket: Socket): Connection | undefined {
    if (this.#open.size >= this.#limit && !this.#evict()) {
      socket.destroy();
      return undefined;
    }
    const connection = new Connection(socket, () => this.#clock.monotonic(), (closed) => this.#open.delete(closed));
    this.#open.add(connection);
    return connection;
  }

  /** Closes those whose time is up; to be called from time to time. */
  sweep(): void {
    for (const connection of this.#open) {
      if (connection.isOverdue) this.#close(connection);
    }
  }

  /** Closes all, or those of which it is true. */
  closeAll(which: (connection: Connection) => boolean = () => true): void {
    for (const connection of [...this.#open].filter(which)) this.#close(connection);
  }

  #evict(): boolean {
    let victim: Connection | undefined, longest: Connection | undefined;
    for (const connection of this.#open) {
      if (connection.isBusy) {
        if (connection.sinceLastBegun > (longest?.sinceLastBegun ?? PATIENCE_MS)) longest = connection;
      } else if (victim === undefined || goesBefore(connection, victim)) victim = connection;
    }
    victim ??= longest;
    if (victim) this.#close(victim);
    return victim !== undefined;
  }

  /** Gone from the count at once: the socket tells of its end only later. */
  #close(connection: Connection): void {
    this.#open.delete(connection);
    connection.close();
  }
}

function goesBefore(a: Connection, b: Connection): boolean {
  return a.isProven === b.isProven ? a.waitingSince < b.waitingSince : b.isProven;
}
