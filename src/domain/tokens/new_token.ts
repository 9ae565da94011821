import { draw, type RandomBytes } from "#ports/random.ts";

const ENTROPY_BYTES = 16;

/** `evt_` and 32 lower-case hex digits. Contract runevault.md 0.2. */
export function newToken(random: RandomBytes): string {
  return `evt_${draw(random, ENTROPY_BYTES).toHex()}`;
}
