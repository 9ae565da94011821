/**
 * Base64 from and to bytes. Text stays out of JavaScript strings, which cannot be wiped: it may hold a key.
 *
 * @module
 */
import { PayloadError } from "#errors/mod.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const PAD = "=".charCodeAt(0);
const CODES = Uint8Array.from(ALPHABET, (character) => character.charCodeAt(0));
const VALUES = new Uint8Array(256).fill(255);
CODES.forEach((code, value) => VALUES[code] = value);

/**
 * Decodes as Python's `base64.b64decode` does, which clients of the original vault rely on: characters outside the
 * alphabet are dropped, and the first complete padding ends the text.
 *
 * @throws {PayloadError} with Python's text: not ASCII, one character over, or padding missing.
 */
export function decodeBase64(text: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.ceil(text.length / 4) * 3);
  let length = 0, quad = 0, pads = 0, bits = 0, ended = false;
  for (const code of text) {
    if (code > 127) throw new PayloadError("string argument should contain only ASCII characters");
    if (ended) continue;
    if (code === PAD) {
      ended = quad >= 2 && quad + ++pads >= 4;
      continue;
    }
    const value = VALUES[code];
    if (value === 255) continue;
    pads = 0;
    bits = bits << 6 | value;
    if (quad > 0) bytes[length++] = bits >> (6 - 2 * quad);
    quad = (quad + 1) % 4;
  }
  if (!ended) requireWholeQuads(quad, length);
  return bytes.subarray(0, length);
}

function requireWholeQuads(quad: number, length: number): void {
  if (quad === 0) return;
  if (quad > 1) throw new PayloadError("Incorrect padding");
  const characters = Math.floor(length / 3) * 4 + 1;
  throw new PayloadError(
    `Invalid base64-encoded string: number of data characters (${characters}) cannot be 1 more than a multiple of 4`,
  );
}

/** Whether the text is canonical in form: the alphabet alone, padded to a multiple of four. */
export function isStrictBase64(text: Uint8Array): boolean {
  if (text.length % 4 !== 0) return false;
  let end = text.length;
  while (end > 0 && text.length - end < 2 && text[end - 1] === PAD) end--;
  return text.subarray(0, end).every((code) => VALUES[code] !== 255);
}

/** Encodes with padding, as ASCII bytes. */
export function encodeBase64(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const text = new Uint8Array(Math.ceil(bytes.length / 3) * 4).fill(PAD);
  for (let from = 0, to = 0; from < bytes.length; from += 3, to += 4) {
    const present = Math.min(3, bytes.length - from);
    const word = bytes[from] << 16 | (bytes[from + 1] ?? 0) << 8 | (bytes[from + 2] ?? 0);
    for (let i = 0; i <= present; i++) text[to + i] = CODES[word >> (18 - 6 * i) & 63];
  }
  return text;
}
