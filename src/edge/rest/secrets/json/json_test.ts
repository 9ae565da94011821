import assert from "node:assert/strict";
import fc from "fast-check";
import { type Encodable, encodeJson, JsonError, JsonText, type JsonValue, parseJson, wipeJson } from "./mod.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** As `JSON.parse` would give it. */
function plain(value: JsonValue): unknown {
  if (value instanceof JsonText) return value.toString();
  if (value instanceof Map) return Object.fromEntries([...value].map(([name, item]) => [name, plain(item)]));
  return Array.isArray(value) ? value.map(plain) : value;
}

Deno.test("parseJson() agrees with JSON.parse on any JSON", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6, stringUnit: "binary" }), (text) => {
      assert.deepEqual(plain(parseJson(bytes(text))), JSON.parse(text));
    }),
    { numRuns: 500 },
  );
});

Deno.test("parseJson() agrees with JSON.parse on what is JSON at all", () => {
  const piece = fc.constantFrom(
    '"',
    "\\",
    "\\u00e4",
    "\\ud83d\\ude00",
    "\\n",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    " ",
    "-0",
    "1e3",
    "true",
    "null",
    "a",
    "ä",
    "\t",
    "01",
    "1.",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join("")), (text) => {
      let want: unknown;
      try {
        want = JSON.parse(text);
      } catch {
        assert.throws(() => parseJson(bytes(text)), JsonError);
        return;
      }
      assert.deepEqual(plain(parseJson(bytes(text))), want);
    }),
    { numRuns: 5000 },
  );
});

Deno.test("encodeJson() agrees with JSON.stringify, bytes being strings", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5, stringUnit: "grapheme" }), (value) => {
      const asBytes = (item: unknown): Encodable => {
        if (typeof item === "string") return bytes(item);
        if (Array.isArray(item)) return item.map(asBytes);
        if (typeof item !== "object" || item === null) return item as Encodable;
        return Object.fromEntries(Object.entries(item).map(([name, inner]) => [name, asBytes(inner)]));
      };
      assert.equal(new TextDecoder().decode(encodeJson(asBytes(value))), JSON.stringify(value));
      assert.equal(new TextDecoder().decode(encodeJson(value as Encodable)), JSON.stringify(value));
    }),
    { numRuns: 500 },
  );
});

Deno.test("encodeJson() leaves out what is undefined", () => {
  assert.equal(new TextDecoder().decode(encodeJson({ a: undefined, b: 1, c: [], d: {} })), '{"b":1,"c":[],"d":{}}');
});

for (
  const { name, body } of [
    { name: "an empty body", body: bytes("") },
    { name: "trailing garbage", body: bytes("{} x") },
    { name: "a member that is there twice", body: bytes('{"a":1,"\\u0061":2}') },
    { name: "17 levels", body: bytes("[".repeat(17) + "]".repeat(17)) },
    { name: "a million levels", body: bytes("[".repeat(1_000_000)) },
    { name: "4,097 values", body: bytes(`[${"1,".repeat(4096)}1]`) },
    { name: "half a surrogate pair", body: bytes('"\\ud800"') },
    { name: "the halves in the wrong order", body: bytes('"\\ude00\\ud83d"') },
    { name: "overlong UTF-8", body: new Uint8Array([0x22, 0xc0, 0xaf, 0x22]) },
    { name: "a surrogate in UTF-8", body: new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22]) },
    { name: "a byte order mark", body: new Uint8Array([0xef, 0xbb, 0xbf, 0x7b, 0x7d]) },
    { name: "a line break in a string", body: bytes('"a\nb"') },
    { name: "a number of 100 digits", body: bytes("1".repeat(100)) },
  ]
) {
  Deno.test(`parseJson() refuses ${name}`, () => {
    assert.throws(() => parseJson(body), JsonError);
  });
}

Deno.test("parseJson() gives __proto__ no meaning", () => {
  const value = parseJson(bytes('{"__proto__":{"polluted":true},"constructor":1}'));
  assert.ok(value instanceof Map);
  assert.deepEqual([...value.keys()], ["__proto__", "constructor"]);
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});

Deno.test("wipeJson() zeroes every string, and the body's own bytes are no part of it", () => {
  const body = bytes('{"a":["secret\\n",{"b":"more"}],"c":null}');
  const value = parseJson(body);
  assert.ok(value instanceof Map);
  const [first] = value.get("a") as JsonText[];
  body.fill(0);
  assert.equal(first.toString(), "secret\n");
  wipeJson(value);
  assert.deepEqual([...first.bytes], Array(7).fill(0));
  assert.equal(JSON.stringify(first), '"[REDACTED]"');
});
