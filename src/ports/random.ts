import { VaultError } from "#errors/mod.ts";

/** Gives that many bytes which nobody can guess. */
export type RandomBytes = (bytes: number) => Uint8Array;

export const systemRandom: RandomBytes = (bytes) => crypto.getRandomValues(new Uint8Array(bytes));

/** @throws {VaultError} INTERNAL when the source gives another number of bytes: a key or nonce would be short. */
export function draw(random: RandomBytes, count: number): Uint8Array {
  const bytes = random(count);
  if (bytes.length !== count) throw new VaultError("INTERNAL", "the random source gave too few bytes");
  return bytes;
}
