import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeUserPass, encodeUserPass } from "./mod.ts";

const bytes = (value: string) => new TextEncoder().encode(value),
  text = (value: Uint8Array) => new TextDecoder().decode(value);
const decoded = (json: string) => {
  const { username, password } = decodeUserPass(bytes(json));
  return { username: text(username), password: text(password) };
};

Deno.test("encodeUserPass() writes the JSON of contract A.16", () => {
  const json = encodeUserPass({ username: bytes("app"), password: bytes("s3cr3t") });
  assert.equal(text(json), '{"username":"app","password":"s3cr3t"}');
});

Deno.test("a pair survives its JSON, which JSON.parse reads as well", () => {
  const any = fc.string({ unit: "binary", maxLength: 40 }).map((value) => value.toWellFormed());
  fc.assert(fc.property(any, any, (username, password) => {
    const json = text(encodeUserPass({ username: bytes(username), password: bytes(password) }));
    assert.deepEqual(JSON.parse(json), { username, password });
    assert.deepEqual(decoded(json), { username, password });
  }));
});

Deno.test("decodeUserPass() reads every escape of JSON", () => {
  const json = String.raw`{"username":"\"\\\/\b\f\n\r\t\u0041\u00E4","password":"\ud83d\ude00ä😀"}`;
  assert.deepEqual(decoded(json), { username: '"\\/\b\f\n\r\tAä', password: "😀ä😀" });
});

for (
  const [what, json] of [
    ["nothing", ""],
    ["a bare value", "s3cr3t"],
    ["another object", '{"user":"a"}'],
    ["a missing password", '{"username":"a"}'],
    ["a number", '{"username":"a","password":1}'],
    ["text behind it", '{"username":"a","password":"b"} '],
    ["an end in the middle", '{"username":"a","password":"b'],
    ["an unknown escape", String.raw`{"username":"\x41","password":"b"}`],
    ["half a surrogate pair", String.raw`{"username":"\ud83d","password":"b"}`],
    ["a low surrogate first", String.raw`{"username":"\ude00\ud83d","password":"b"}`],
    ["a wrong hex digit", '{"username":"\\u00\x104","password":"b"}'],
    ["a raw control character", '{"username":"a\nb","password":"b"}'],
  ]
) {
  Deno.test(`decodeUserPass() refuses ${what}`, () => {
    assert.throws(() => decodeUserPass(bytes(json)), { code: "DATA_LOSS" });
  });
}

Deno.test("decodeUserPass() gives a pair or refuses, whatever the bytes are", () => {
  const near = fc.string().map((inside) => bytes(`{"username":"${inside}","password":"${inside}"}`));
  fc.assert(fc.property(fc.oneof(fc.uint8Array(), near), (json) => {
    try {
      decodeUserPass(json);
    } catch (reason) {
      assert.equal((reason as { code?: string }).code, "DATA_LOSS");
    }
  }));
});
