/**
 * JSON (RFC 8259) from bytes to values whose strings stay bytes.
 *
 * `JSON.parse` would make a JavaScript string of the whole body and one of each value, none of which can be wiped.
 *
 * @module
 */
import { isUtf8 } from "node:buffer";
import { unescape } from "./json_escapes.ts";
import { JsonText, type JsonValue, wipeJson } from "./json_text.ts";

/** The deepest body of any route has 2 levels. */
const MAX_DEPTH = 16;
/** A batch has 256 names. */
const MAX_VALUES = 4096;

const QUOTE = 0x22, COMMA = 0x2c, COLON = 0x3a, BACKSLASH = 0x5c, SPACE = 0x20;
const OPEN_ARRAY = 0x5b, CLOSE_ARRAY = 0x5d, OPEN_OBJECT = 0x7b, CLOSE_OBJECT = 0x7d;
const LITERALS = [["true", true], ["false", false], ["null", null]] as const;
const NUMBER = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/;
/** Longer than any number that means something here. */
const MAX_NUMBER = 64;

/** The bytes are no JSON that a route takes. The text is fixed: it quotes nothing. */
export class JsonError extends Error {
  override readonly name = "JsonError";

  /** @param at Offset in bytes. */
  constructor(message: string, readonly at: number) {
    super(message);
  }
}

/**
 * @param maxValues Of the whole document, 4,096 without.
 * @returns The value; its strings are copies, so that the body can be wiped.
 * @throws {JsonError} not UTF-8, not JSON, nested more than 16 deep, more values, a member twice, half of a
 * surrogate pair.
 */
export function parseJson(body: Uint8Array, maxValues = MAX_VALUES): JsonValue {
  if (!isUtf8(body)) throw new JsonError("not valid UTF-8", 0);
  const parser = new Parser(body, maxValues);
  try {
    return parser.document();
  } catch (reason) {
    parser.wipe();
    throw reason;
  }
}

class Parser {
  #at = 0;
  #values = 0;
  readonly #texts: JsonText[] = [];
  readonly #body: Uint8Array;

  constructor(body: Uint8Array, readonly maxValues: number) {
    this.#body = body;
  }

  document(): JsonValue {
    const value = this.#value(0);
    if (this.#next() !== undefined) throw this.#error("more after the value");
    return value;
  }

  /** Zeroes every string that was read. */
  wipe(): void {
    this.#texts.forEach(wipeJson);
  }

  #value(depth: number): JsonValue {
    if (++this.#values > this.maxValues) throw this.#error("too many values");
    switch (this.#next()) {
      case QUOTE:
        return this.#text();
      case OPEN_OBJECT:
        return this.#object(depth + 1);
      case OPEN_ARRAY:
        return this.#array(depth + 1);
      default:
        return this.#literal();
    }
  }

  #object(depth: number): ReadonlyMap<string, JsonValue> {
    const members = new Map<string, JsonValue>();
    this.#items(depth, CLOSE_OBJECT, () => {
      if (this.#next() !== QUOTE) throw this.#error("expected a member's name");
      const name = new JsonText(this.#string()).toString();
      if (members.has(name)) throw this.#error("a member is there twice");
      if (this.#next() !== COLON) throw this.#error("expected ':'");
      this.#at++;
      members.set(name, this.#value(depth));
    });
    return members;
  }

  #array(depth: number): readonly JsonValue[] {
    const values: JsonValue[] = [];
    this.#items(depth, CLOSE_ARRAY, () => values.push(this.#value(depth)));
    return values;
  }

  /** Reads what stands between two brackets, item by item. */
  #items(depth: number, close: number, readItem: () => void): void {
    if (depth > MAX_DEPTH) throw this.#error("nested too deeply");
    this.#at++;
    if (this.#next() === close) {
      this.#at++;
      return;
    }
    for (;;) {
      readItem();
      const mark = this.#next();
      if (mark !== COMMA && mark !== close) throw this.#error("expected ',' or the end");
      this.#at++;
      if (mark === close) return;
    }
  }

  #text(): JsonText {
    const text = new JsonText(this.#string());
    this.#texts.push(text);
    return text;
  }

  /** The contents of the string that starts here, its escapes undone. */
  #string(): Uint8Array {
    const start = this.#at + 1;
    let isEscaped = false;
    for (let at = start; at < this.#body.length; at++) {
      const byte = this.#body[at];
      if (byte === QUOTE) {
        this.#at = at + 1;
        const contents = this.#body.slice(start, at);
        return isEscaped ? this.#unescaped(contents, start) : contents;
      }
      if (byte < SPACE) throw this.#error("a control character in a string");
      if (byte === BACKSLASH) {
        isEscaped = true;
        at++;
      }
    }
    throw this.#error("a string without an end");
  }

  #unescaped(contents: Uint8Array, start: number): Uint8Array {
    const text = unescape(contents);
    contents.fill(0);
    if (!text) throw new JsonError("a bad escape in a string", start);
    return text;
  }

  #literal(): JsonValue {
    const start = this.#at;
    for (const [word, value] of LITERALS) {
      if (!this.#startsWith(word)) continue;
      this.#at += word.length;
      return value;
    }
    while (isNumberByte(this.#body[this.#at]) && this.#at - start < MAX_NUMBER) this.#at++;
    const text = String.fromCharCode(...this.#body.subarray(start, this.#at));
    if (!NUMBER.test(text)) throw new JsonError("expected a value", start);
    return Number(text);
  }

  #startsWith(word: string): boolean {
    for (let i = 0; i < word.length; i++) {
      if (this.#body[this.#at + i] !== word.charCodeAt(i)) return false;
    }
    return true;
  }

  /** The next byte that is no white space, undefined at the end; does not step over it. */
  #next(): number | undefined {
    for (; this.#at < this.#body.length; this.#at++) {
      const byte = this.#body[this.#at];
      if (byte !== SPACE && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
    }
    return undefined;
  }

  #error(message: string): JsonError {
    return new JsonError(message, this.#at);
  }
}

function isNumberByte(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  return (byte >= 0x30 && byte <= 0x39) || byte === 0x2b || byte === 0x2d || byte === 0x2e || (byte | 0x20) === 0x65;
}
