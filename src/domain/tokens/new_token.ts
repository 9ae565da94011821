import { VaultError } from "#errors/mod.ts";

/** Gives that many bytes which nobody can guess. */
export type RandomBytes = (bytes: number) => Uint8Array;

const ENTROPY_BYTES = 16;

export const systemRandom: RandomBytes = (bytes) => crypto.getRandomValues(new Uint8Array(bytes));

/** `evt_` and 32 lower-case hex digits. Contract runevault.md 0.2. */
export function newToken(random: RandomBytes): string {
  const bytes = random(ENTROPY_BYTES);
  if (bytes.length !== ENTROPY_BYTES) throw new VaultError("INTERNAL", "the random source gave too few bytes");
  return `evt_${bytes.toHex()}`;
}
