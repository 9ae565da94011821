import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { constants } from "node:http2";
import type { Clock } from "#ports/clock.ts";

/** Bytes before a gRPC message: a compression flag and the length. */
const PREFIX_BYTES = 5;

interface Receiving {
  readonly stream: ServerHttp2Stream;
  /** What counts against the limit. */
  charge: number;
  /** Of the body, so far. */
  received: number;
  /** The message's prefix, as far as it has arrived. */
  readonly prefix: number[];
  /** Clock.monotonic() of the last data. */
  lastDataAt: number;
}

/**
 * Bounds the memory that requests take before anyone is authenticated: the token travels inside the message, so each of
 * many streams may send up to 256 MiB first. Over the limit, the streams that have been silent longest are ended: those
 * of an attacker who holds half-sent bodies, not those of a client that keeps sending.
 */
export class ReceiveBudget {
  #total = 0;
  readonly #receiving = new Set<Receiving>();
  readonly #limits: { readonly totalBytes: number; readonly compressedBytes: number; readonly silenceMs: number };
  readonly #clock: Clock;

  /**
   * @param limits.totalBytes Most bytes of unanswered requests, over all connections.
   * @param limits.compressedBytes What a compressed request counts: the most that it may inflate to.
   * @param limits.silenceMs A request that is incomplete and silent for longer is ended.
   */
  constructor(limits: { totalBytes: number; compressedBytes: number; silenceMs: number }, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Counts a request from its headers until its stream closes. */
  track(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    if (stream.destroyed) return;
    const isCompressed = (headers["grpc-encoding"] ?? "identity") !== "identity";
    const lastDataAt = this.#clock.monotonic();
    const receiving: Receiving = { stream, charge: 0, received: 0, prefix: [], lastDataAt };
    this.#receiving.add(receiving);
    if (isCompressed) this.#charge(receiving, this.#limits.compressedBytes);
    stream.on("data", (chunk: Uint8Array) => this.#receive(receiving, chunk));
    stream.once("close", () => this.#forget(receiving));
  }

  /** Ends requests whose bodies stopped arriving; to be called from time to time. */
  endSilent(): void {
    const limit = this.#clock.monotonic() - this.#limits.silenceMs;
    for (const receiving of this.#receiving) {
      if (!isComplete(receiving) && receiving.lastDataAt < limit) this.#end(receiving);
    }
  }

  #receive(receiving: Receiving, chunk: Uint8Array): void {
    const missing = PREFIX_BYTES - receiving.prefix.length;
    if (missing > 0) receiving.prefix.push(...chunk.subarray(0, missing));
    receiving.received += chunk.length;
    receiving.lastDataAt = this.#clock.monotonic();
    this.#charge(receiving, chunk.length);
  }

  #charge(receiving: Receiving, bytes: number): void {
    if (!this.#receiving.has(receiving)) return;
    receiving.charge += bytes;
    this.#total += bytes;
    if (this.#total > this.#limits.totalBytes) this.#shed();
  }

  #shed(): void {
    const bySilence = [...this.#receiving].filter(({ charge }) => charge > 0)
      .sort((a, b) => Number(isComplete(a)) - Number(isComplete(b)) || a.lastDataAt - b.lastDataAt);
    // Down to three quarters, so that a flood does not sort the list with every chunk.
    for (const receiving of bySilence) {
      if (this.#total <= this.#limits.totalBytes * 0.75) return;
      this.#end(receiving);
    }
  }

  #end(receiving: Receiving): void {
    this.#forget(receiving);
    receiving.stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }

  #forget(receiving: Receiving): void {
    if (this.#receiving.delete(receiving)) this.#total -= receiving.charge;
  }
}

/** Whether the whole message has arrived: it waits for its answer, not for its sender. */
function isComplete({ prefix, received }: Receiving): boolean {
  if (prefix.length < PREFIX_BYTES) return false;
  const [, a, b, c, d] = prefix;
  return received >= PREFIX_BYTES + (a * 2 ** 24 + (b << 16 | c << 8 | d));
}
