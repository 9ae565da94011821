import assert from "node:assert/strict";
import fc from "fast-check";
import { takePlaintext } from "./plaintext.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("takePlaintext() takes any key out of an answer, and leaves zeros of its length", () => {
  const indents = fc.constantFrom(undefined, 1, "\t");
  fc.assert(fc.property(fc.uint8Array({ maxLength: 70 }), fc.string(), indents, (key, keyId, indent) => {
    const answer = { KeyId: keyId, Plaintext: key.toBase64(), CiphertextBlob: "AAAA" };
    const body = encode(JSON.stringify(answer, null, indent));
    const isInKeyId = JSON.stringify(keyId).includes('"Plaintext"');
    if (isInKeyId) return;
    assert.deepEqual(takePlaintext(body), key);
    assert.deepEqual(JSON.parse(decode(body)), { ...answer, Plaintext: new Uint8Array(key.length).toBase64() });
  }));
});

for (
  const body of [
    "",
    "{}",
    '{"KeyId":"k"}',
    '{"Plaintext"',
    '{"Plaintext":',
    '{"Plaintext":"AAAA',
    '{"Plaintext":null}',
    '{"Plaintext":[1]}',
    '{"message":"Plaintext"}',
  ]
) {
  Deno.test(`takePlaintext() leaves ${body || "nothing"} as it is`, () => {
    const bytes = encode(body);
    assert.equal(takePlaintext(bytes), undefined);
    assert.equal(decode(bytes), body);
  });
}

Deno.test("takePlaintext() gives no key for digits that are not base64, and wipes them all the same", () => {
  const bytes = encode('{"Plaintext":"canary\\/canary"}');
  assert.equal(takePlaintext(bytes), undefined);
  assert.doesNotMatch(decode(bytes), /canary/);
});
