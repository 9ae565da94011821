import type { IncomingMessage } from "node:http";
import { HttpBodyError } from "./surface.ts";

/** A small rest is read and dropped, so that a client that is still sending sees why it was refused. */
const MAX_DISCARD_BYTES = 2 * 1024 * 1024;
const DISCARD_MS = 1_000;
/**
 * Long rests that are dropped within DISCARD_MS, which none outlasts. Strangers send them too, and what is dropped takes
 * memory until the garbage collector comes round.
 */
const MAX_LONG_DISCARDS = 16;
/** Of a body that may be read before it is asked for. */
export const SHORT_BYTES = 65_536;

/** What is known of a body before it comes, and what it may cost. */
export interface BodyLimits {
  /** As its head has it (RequestHead). */
  readonly length: number;
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

/**
 * Reads a whole body; no memory is taken for what is only announced, and the pieces that it came in are zeroed.
 *
 * @throws {HttpBodyError} longer than `maxBytes`, not there within `timeoutMs`, or cut off.
 */
export function readBody(
  message: IncomingMessage,
  { length, maxBytes, timeoutMs }: BodyLimits,
): Promise<Uint8Array> {
  // Made when it is needed: an error takes a picture of the stack, which each body would pay for.
  const tooLong = () => new HttpBodyError(413, `the body is longer than ${maxBytes} bytes`);
  if (length !== Infinity && length > maxBytes) return Promise.reject(tooLong());
  const parts: Uint8Array[] = [];
  let total = 0;
  return receive(message, timeoutMs, (chunk) => {
    total += chunk.length;
    if (total > maxBytes) throw tooLong();
    parts.push(chunk);
  }).then(() => concat(parts, total)).finally(() => parts.forEach((part) => part.fill(0)));
}

/** Drops what is left of bodies that nobody read. */
export class BodyDiscarder {
  /** When the last long ones began. */
  #begun: number[] = [];

  /**
   * @param length As its head has it (RequestHead).
   * @param now Clock.monotonic().
   * @returns Whether the body ended, so that the connection is of further use.
   */
  async discard(message: IncomingMessage, length: number, now: number): Promise<boolean> {
    if (message.complete) {
      message.resume();
      return true;
    }
    if (length <= SHORT_BYTES) return await drop(message, SHORT_BYTES);
    if (length !== Infinity && length > MAX_DISCARD_BYTES) return false;
    return this.#mayBeginLong(now) && await drop(message, MAX_DISCARD_BYTES);
  }

  #mayBeginLong(now: number): boolean {
    this.#begun = this.#begun.filter((begun) => now - begun < DISCARD_MS);
    if (this.#begun.length >= MAX_LONG_DISCARDS) return false;
    this.#begun.push(now);
    return true;
  }
}

async function drop(message: IncomingMessage, maxBytes: number): Promise<boolean> {
  let total = 0;
  try {
    await receive(message, DISCARD_MS, (chunk) => {
      total += chunk.length;
      if (total > maxBytes) throw new HttpBodyError(413, "too long to drop");
    });
    return true;
  } catch {
    return false;
  }
}

function receive(message: IncomingMessage, timeoutMs: number, take: (chunk: Uint8Array) => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onEnd = () => {
    message.off("close", onClose); // which follows at once, and whose error would take a picture of the stack
    resolve();
  };
  const onData = (chunk: Uint8Array) => {
    try {
      take(chunk);
    } catch (reason) {
      message.socket.pause(); // at once: Deno reads on and on before the promise gets its turn
      reject(reason);
    }
  };
  const onClose = () => reject(new HttpBodyError(400, "the body was cut off"));
  const timer = setTimeout(() => reject(new HttpBodyError(408, "the body took too long")), timeoutMs);
  if (message.destroyed) onClose();
  message.on("data", onData).on("end", onEnd).on("close", onClose).on("error", onClose);
  message.resume(); // a reader before may have paused both
  message.socket.resume();
  return promise.finally(() => {
    clearTimeout(timer);
    message.pause();
    message.off("data", onData).off("end", onEnd).off("close", onClose);
  });
}

function concat(parts: readonly Uint8Array[], total: number): Uint8Array {
  const whole = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
