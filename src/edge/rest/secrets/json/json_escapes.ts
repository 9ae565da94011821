/**
 * The escapes of JSON strings, on UTF-8 bytes.
 *
 * @module
 */
const BACKSLASH = 0x5c, QUOTE = 0x22;
/** By the byte after the backslash. */
const PLAIN_ESCAPES: Readonly<Record<number, number>> = {
  0x22: 0x22,
  0x5c: 0x5c,
  0x2f: 0x2f,
  0x62: 0x08,
  0x66: 0x0c,
  0x6e: 0x0a,
  0x72: 0x0d,
  0x74: 0x09,
};
/** `u0000` to `u001f`, `"` and `\`, by byte. */
const ESCAPED = new Map<number, Uint8Array>(
  [...Array(0x20).keys(), QUOTE, BACKSLASH].map((byte) => [
    byte,
    new TextEncoder().encode(JSON.stringify(String.fromCharCode(byte)).slice(1, -1)),
  ]),
);

/** @returns The text that the contents of a JSON string stand for; undefined for a bad escape or half a surrogate pair. */
export function unescape(contents: Uint8Array): Uint8Array | undefined {
  const text = new Uint8Array(contents.length); // an escape is never shorter than what it stands for
  let length = 0;
  for (let at = 0; at < contents.length;) {
    if (contents[at] !== BACKSLASH) {
      text[length++] = contents[at++];
      continue;
    }
    const plain = PLAIN_ESCAPES[contents[at + 1]];
    if (plain !== undefined) {
      text[length++] = plain;
      at += 2;
      continue;
    }
    const point = codePointAt(contents, at);
    if (point === undefined) return wiped(text);
    at += point > 0xffff ? 12 : 6;
    length += writeUtf8(point, text, length);
  }
  const exact = text.slice(0, length);
  text.fill(0);
  return exact;
}

/** The contents of the JSON string that stands for a text, copied to `target`. @returns How many bytes that were. */
export function writeEscaped(text: Uint8Array, target: Uint8Array, offset: number): number {
  let at = offset;
  for (const byte of text) {
    const escaped = needsEscape(byte) ? ESCAPED.get(byte)! : undefined;
    if (!escaped) target[at++] = byte;
    else {
      target.set(escaped, at);
      at += escaped.length;
    }
  }
  return at - offset;
}

export function escapedLength(text: Uint8Array): number {
  let length = text.length;
  for (const byte of text) {
    if (needsEscape(byte)) length += ESCAPED.get(byte)!.length - 1;
  }
  return length;
}

function needsEscape(byte: number): boolean {
  return byte < 0x20 || byte === QUOTE || byte === BACKSLASH;
}

/** What `\uXXXX`, or a surrogate pair of two, stands for. */
function codePointAt(contents: Uint8Array, at: number): number | undefined {
  const first = unitAt(contents, at);
  if (first === undefined || first < 0xd800 || first > 0xdfff) return first;
  const second = unitAt(contents, at + 6);
  if (first > 0xdbff || second === undefined || second < 0xdc00 || second > 0xdfff) return undefined;
  return 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
}

/** The number of `\uXXXX`, undefined where there is no such thing. */
function unitAt(contents: Uint8Array, at: number): number | undefined {
  if (at + 6 > contents.length || contents[at] !== BACKSLASH || contents[at + 1] !== 0x75) return undefined;
  let unit = 0;
  for (let i = at + 2; i < at + 6; i++) {
    const digit = hexDigit(contents[i]);
    if (digit === undefined) return undefined;
    unit = unit * 16 + digit;
  }
  return unit;
}

function hexDigit(byte: number): number | undefined {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : undefined;
}

function writeUtf8(point: number, target: Uint8Array, at: number): number {
  if (point < 0x80) {
    target[at] = point;
    return 1;
  }
  const length = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  for (let i = length - 1; i > 0; i--) {
    target[at + i] = 0x80 | (point & 0x3f);
    point >>= 6;
  }
  target[at] = [0, 0, 0xc0, 0xe0, 0xf0][length] | point;
  return length;
}

function wiped(text: Uint8Array): undefined {
  text.fill(0);
  return undefined;
}
