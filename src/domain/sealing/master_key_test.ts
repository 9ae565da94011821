import assert from "node:assert/strict";
import fc from "fast-check";
import { LocalKeys } from "./local_keys.ts";
import { parseMasterKey } from "./mod.ts";
import { ascending, encode } from "./testing.ts";

const KEY = ascending(0, 32), TEXT = KEY.toBase64();
const MESSAGE = "a master key is base64 of 32 bytes: make one with 'openssl rand -base64 32'";

for (const text of [TEXT, `base64:${TEXT}`, ` \t${TEXT}\r\n`, `\nbase64:${TEXT}\n`]) {
  Deno.test(`parseMasterKey() reads ${JSON.stringify(text)}`, () => {
    assert.deepEqual(parseMasterKey(encode(text)), KEY);
  });
}

for (
  const { name, text } of [
    { name: "nothing", text: "" },
    { name: "the prefix alone", text: "base64:" },
    { name: "31 bytes", text: ascending(0, 31).toBase64() },
    { name: "33 bytes", text: ascending(0, 33).toBase64() },
    { name: "64 bytes", text: ascending(0, 64).toBase64() },
    { name: "no padding", text: TEXT.slice(0, -1) },
    { name: "more padding", text: `${TEXT}=` },
    { name: "a blank inside", text: `${TEXT.slice(0, 10)} ${TEXT.slice(10)}` },
    { name: "a line break inside", text: `${TEXT.slice(0, 10)}\n${TEXT.slice(10)}` },
    { name: "the URL alphabet", text: new Uint8Array(32).fill(0xff).toBase64({ alphabet: "base64url" }) },
    { name: "bits after the last byte", text: `${TEXT.slice(0, -2)}9=` },
    { name: "the prefix twice", text: `base64:base64:${TEXT}` },
    { name: "two keys", text: `${TEXT}\n${TEXT}` },
    { name: "what is not ASCII", text: `é${TEXT}` },
    { name: "hexadecimal", text: KEY.toHex() },
  ]
) {
  Deno.test(`parseMasterKey() refuses ${name}, quoting none of it`, () => {
    assert.throws(() => parseMasterKey(encode(text)), { code: "INVALID_ARGUMENT", message: MESSAGE });
  });
}

Deno.test("parseMasterKey() never crashes, and each key that it takes wraps and unwraps", async () => {
  const digits = fc.uint8Array({ minLength: 30, maxLength: 34 }).map((key) => encode(key.toBase64()));
  let taken = 0;
  await fc.assert(fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 60 }), digits), async (text) => {
    let key: Uint8Array;
    try {
      key = parseMasterKey(text);
    } catch (reason) {
      return assert.equal((reason as Error).message, MESSAGE);
    }
    taken++;
    const keys = new LocalKeys({ keyId: "local", keys: new Map([["local", key]]) });
    const { dataKey, ...wrapped } = await keys.generate({ secret: "a/b", version: 1 });
    assert.deepEqual(await keys.unwrap(wrapped, { secret: "a/b", version: 1 }), dataKey);
  }));
  assert.ok(taken > 0);
});
