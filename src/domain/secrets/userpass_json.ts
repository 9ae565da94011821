import { VaultError } from "#errors/mod.ts";
import { wipe } from "./wipe.ts";

/**
 * `{"username":…,"password":…}`, the plaintext of a userpass secret (contract secrets.md A.16), from and to bytes: a
 * password that ever was a string cannot be wiped.
 *
 * @module
 */

export interface UserPass {
  readonly username: Uint8Array;
  readonly password: Uint8Array;
}

const ascii = (text: string) => new TextEncoder().encode(text);
const BEFORE_USERNAME = ascii('{"username":'), BEFORE_PASSWORD = ascii(',"password":'), END = ascii("}");
const QUOTE = 0x22, BACKSLASH = 0x5c, SPACE = 0x20, HEX = ascii("0123456789abcdef");
/** `\u00XX`, the longest that one byte becomes. */
const MAX_ESCAPE = 6;
const ESCAPED = new Map([..."bfnrt"].map((letter, i) => [letter.charCodeAt(0), "\b\f\n\r\t".charCodeAt(i)]));
for (const same of '"\\/') ESCAPED.set(same.charCodeAt(0), same.charCodeAt(0));

/** In a buffer that the caller wipes. */
export function encodeUserPass({ username, password }: UserPass): Uint8Array {
  const out = new Writer(MAX_ESCAPE * (username.length + password.length) + 64);
  out.put(BEFORE_USERNAME);
  out.putString(username);
  out.put(BEFORE_PASSWORD);
  out.putString(password);
  out.put(END);
  return out.take();
}

/**
 * In buffers that the caller wipes.
 *
 * @throws {VaultError} DATA_LOSS when the text is not the compact JSON of these two strings; quotes none of it.
 */
export function decodeUserPass(json: Uint8Array): UserPass {
  const input = new Reader(json);
  let username: Uint8Array | undefined, password: Uint8Array | undefined;
  try {
    input.expect(BEFORE_USERNAME);
    username = input.string();
    input.expect(BEFORE_PASSWORD);
    password = input.string();
    input.expect(END);
    input.expectEnd();
    return { username, password };
  } catch (reason) {
    wipe(username, password);
    throw reason;
  }
}

class Writer {
  readonly #buffer: Uint8Array;
  #length = 0;

  constructor(capacity: number) {
    this.#buffer = new Uint8Array(capacity);
  }

  put(bytes: Uint8Array): void {
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  putString(text: Uint8Array): void {
    this.#byte(QUOTE);
    for (const byte of text) {
      if (byte < SPACE) this.put(Uint8Array.of(BACKSLASH, 0x75, 0x30, 0x30, HEX[byte >> 4], HEX[byte & 15]));
      else {
        if (byte === QUOTE || byte === BACKSLASH) this.#byte(BACKSLASH);
        this.#byte(byte);
      }
    }
    this.#byte(QUOTE);
  }

  /** What was written; the rest of the buffer held no secret. */
  take(): Uint8Array {
    const taken = this.#buffer.slice(0, this.#length);
    wipe(this.#buffer);
    return taken;
  }

  #byte(byte: number): void {
    this.#buffer[this.#length++] = byte;
  }
}

class Reader {
  #at = 0;

  constructor(readonly json: Uint8Array) {}

  expect(bytes: Uint8Array): void {
    for (const byte of bytes) if (this.#next() !== byte) throw notUserPass();
  }

  expectEnd(): void {
    if (this.#at !== this.json.length) throw notUserPass();
  }

  string(): Uint8Array {
    if (this.#next() !== QUOTE) throw notUserPass();
    const buffer = new Uint8Array(this.json.length); // unescaping never makes it longer
    let length = 0;
    for (let byte = this.#next(); byte !== QUOTE; byte = this.#next()) {
      if (byte < SPACE) throw notUserPass();
      length += byte === BACKSLASH ? this.#escape(buffer, length) : (buffer[length] = byte, 1);
    }
    const text = buffer.slice(0, length);
    wipe(buffer);
    return text;
  }

  /** Unescapes into `buffer` at `at`; returns how many bytes that were. */
  #escape(buffer: Uint8Array, at: number): number {
    const letter = this.#next();
    if (letter === 0x75) {
      const { written } = new TextEncoder().encodeInto(this.#character(), buffer.subarray(at));
      return written;
    }
    const byte = ESCAPED.get(letter);
    if (byte === undefined) throw notUserPass();
    buffer[at] = byte;
    return 1;
  }

  /** After `\u`: one character, of two escapes where those are a surrogate pair. */
  #character(): string {
    const unit = this.#hex();
    if ((unit & 0xf800) !== 0xd800) return String.fromCharCode(unit);
    this.expect(Uint8Array.of(BACKSLASH, 0x75));
    const low = this.#hex();
    if (unit >= 0xdc00 || (low & 0xfc00) !== 0xdc00) throw notUserPass();
    return String.fromCharCode(unit, low);
  }

  #hex(): number {
    let value = 0;
    for (let i = 0; i < 4; i++) {
      const byte = this.#next(), digit = HEX.indexOf(byte < 0x41 ? byte : byte | 0x20);
      if (digit < 0) throw notUserPass();
      value = value * 16 + digit;
    }
    return value;
  }

  #next(): number {
    if (this.#at >= this.json.length) throw notUserPass();
    return this.json[this.#at++];
  }
}

function notUserPass(): VaultError {
  return new VaultError("DATA_LOSS", "the sealed value is not that of a userpass secret");
}
