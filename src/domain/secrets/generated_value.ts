import { draw, type RandomBytes } from "#ports/random.ts";
import { wipe } from "./wipe.ts";

const ENTROPY_BYTES = 32;
const ALPHABET = new TextEncoder().encode("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

/**
 * 32 random bytes as 43 characters of base64url, contract secrets.md A.8. Spelled out, since a value that ever was a
 * string cannot be wiped.
 */
export function generatedValue(random: RandomBytes): Uint8Array {
  const bytes = draw(random, ENTROPY_BYTES);
  const text = new Uint8Array(Math.ceil(ENTROPY_BYTES * 8 / 6));
  for (let i = 0; i < text.length; i++) {
    const bit = i * 6, byte = bit >> 3;
    const pair = bytes[byte] << 8 | (bytes[byte + 1] ?? 0);
    text[i] = ALPHABET[pair >> (10 - bit % 8) & 63];
  }
  wipe(bytes);
  return text;
}
