const NAME = new TextEncoder().encode('"Plaintext"');
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const VALUES = new Map(Array.from(ALPHABET, (digit, value) => [digit.charCodeAt(0), value]));
const [QUOTE, COLON, PAD, ZERO] = Array.from('":=A', (character) => character.charCodeAt(0));
const BLANKS = [0x20, 0x09, 0x0a, 0x0d];

/**
 * Takes the clear data key out of an answer of AWS KMS before the SDK makes strings of it, which nobody can wipe.
 *
 * @param body JSON; the digits of its `Plaintext` are overwritten, so that the SDK reads zeros of the same length.
 * @returns The key; undefined when there is none, or none in plain base64.
 */
export function takePlaintext(body: Uint8Array): Uint8Array | undefined {
  const from = startOfDigits(body);
  const to = from === undefined ? -1 : body.indexOf(QUOTE, from);
  if (from === undefined || to < 0) return undefined;
  let end = to;
  while (end > from && body[end - 1] === PAD) end--;
  const digits = body.subarray(from, end);
  const key = decodeDigits(digits);
  digits.fill(ZERO);
  return key;
}

function startOfDigits(body: Uint8Array): number | undefined {
  let at = indexOf(body, NAME);
  if (at < 0) return undefined;
  at = skipBlanks(body, at + NAME.length);
  if (body[at] !== COLON) return undefined;
  at = skipBlanks(body, at + 1);
  return body[at] === QUOTE ? at + 1 : undefined;
}

function skipBlanks(body: Uint8Array, at: number): number {
  while (BLANKS.includes(body[at])) at++;
  return at;
}

function indexOf(body: Uint8Array, pattern: Uint8Array): number {
  for (let at = body.indexOf(pattern[0]); at >= 0; at = body.indexOf(pattern[0], at + 1)) {
    if (pattern.every((code, i) => body[at + i] === code)) return at;
  }
  return -1;
}

/** Base64 without padding, bit by bit: the decoders at hand take strings. */
function decodeDigits(digits: Uint8Array): Uint8Array | undefined {
  const bytes = new Uint8Array(Math.floor(digits.length * 6 / 8));
  let length = 0, bits = 0, pending = 0;
  for (const digit of digits) {
    const value = VALUES.get(digit);
    if (value === undefined) return void bytes.fill(0);
    pending = (pending << 6 | value) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[length++] = pending >> bits;
  }
  return bytes;
}
