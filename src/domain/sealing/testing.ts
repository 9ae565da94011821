/** Stand-ins for the tests of sealing and of what uses it. @module */
import type { RandomBytes } from "#ports/random.ts";

export const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
export const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** The bytes from `first` on, each one more than the one before. */
export function ascending(first: number, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => first + i);
}

/** Gives what was queued, in this order. */
export function queued(...values: Uint8Array[]): RandomBytes {
  return () => values.shift()!.slice();
}

/** The same bytes with one changed. */
export function flipped(bytes: Uint8Array, at: number, bit = 0): Uint8Array {
  const changed = bytes.slice();
  changed[at] ^= 1 << bit;
  return changed;
}
