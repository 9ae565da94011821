import type { Socket } from "node:net";

/** What a connection tells of itself while it waits for its next request: bytes that came since mean a half-sent one. */
interface Waiting {
  readonly since: number;
  readonly bytesRead: number;
}

/**
 * One connection on the port, as the protocol that serves it reports on it. Deadlines are looked at once a second or so,
 * by Connections.sweep().
 */
export class Connection {
  #deadline = Infinity;
  #requests = 0;
  #waiting: Waiting;
  #began = 0;
  #stream: Socket;
  /** Whether it ever sent a whole request head: what has not is the first to go when the port is full. */
  isProven = false;

  /**
   * @param socket The TCP connection.
   * @param now Clock.monotonic().
   * @param forget Called once, when the connection has closed.
   */
  constructor(readonly socket: Socket, readonly now: () => number, forget: (connection: Connection) => void) {
    this.#stream = socket;
    this.#waiting = { since: now(), bytesRead: 0 };
    socket.once("close", () => forget(this));
  }

  /** A request's head has arrived: its handler minds the time from here on. */
  begin(): void {
    this.isProven = true;
    this.#began = this.now();
    this.#requests++;
    this.#deadline = Infinity;
  }

  /** A request has been answered, or has ended without an answer. */
  end(): void {
    this.#requests--;
    this.#waiting = { since: this.now(), bytesRead: this.#stream.bytesRead };
  }

  /** It is closed unless a request begins, or settle() is called, within so many milliseconds. */
  expectWithin(milliseconds: number): void {
    this.#deadline = this.now() + milliseconds;
  }

  /** It may stay for as long as it likes. */
  settle(): void {
    this.#deadline = Infinity;
  }

  /** After the TLS handshake: whose bytes tell of a request. */
  reads(stream: Socket): void {
    this.#stream = stream;
    this.#waiting = { since: this.now(), bytesRead: stream.bytesRead };
  }

  get isBusy(): boolean {
    return this.#requests > 0;
  }

  /** Nothing of a next request has arrived. */
  get isIdle(): boolean {
    return !this.isBusy && this.#stream.bytesRead === this.#waiting.bytesRead;
  }

  /** Since when it waits, by now(). */
  get waitingSince(): number {
    return this.#waiting.since;
  }

  /** Milliseconds since its last request began, whether or not that is answered. */
  get sinceLastBegun(): number {
    return this.now() - this.#began;
  }

  get isOverdue(): boolean {
    return !this.isBusy && this.now() > this.#deadline;
  }

  close(): void {
    this.#stream.destroy();
    this.socket.destroy();
  }
}
