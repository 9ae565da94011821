import assert from "node:assert/strict";
import { decodeBase64, encodeBase64, isStrictBase64 } from "./base64.ts";

const ascii = (text: string) => new TextEncoder().encode(text);

// Results of Python 3.11's base64.b64decode.
for (
  const { text, hex } of [
    { text: "", hex: "" },
    { text: "AQID", hex: "010203" },
    { text: "AQ\nID", hex: "010203" },
    { text: "AA==", hex: "00" },
    { text: "AA==BB", hex: "00" },
    { text: "AA=B=CC", hex: "0000" },
    { text: "A!Q-I_D", hex: "010203" },
    { text: "====", hex: "" },
  ]
) {
  Deno.test(`decodeBase64() takes ${JSON.stringify(text)} as Python does`, () => {
    assert.equal(decodeBase64(ascii(text)).toHex(), hex);
  });
}

for (
  const { text, want } of [
    { text: "not-valid-base64!!!", want: "Incorrect padding" },
    { text: "AQI", want: "Incorrect padding" },
    { text: "AQ=", want: "Incorrect padding" },
    {
      text: "AQIDA",
      want: "Invalid base64-encoded string: number of data characters (5) cannot be 1 more than a multiple of 4",
    },
    { text: "AQIDé", want: "string argument should contain only ASCII characters" },
    { text: "AA==é", want: "string argument should contain only ASCII characters" },
  ]
) {
  Deno.test(`decodeBase64() refuses ${JSON.stringify(text)} with Python's text`, () => {
    assert.throws(() => decodeBase64(ascii(text)), { name: "PayloadError", message: want });
  });
}

Deno.test("encodeBase64() agrees with the engine for every length", () => {
  for (let length = 0; length < 100; length++) {
    const bytes = crypto.getRandomValues(new Uint8Array(length));
    const encoded = encodeBase64(bytes);
    assert.equal(new TextDecoder().decode(encoded), bytes.toBase64());
    assert.ok(isStrictBase64(encoded));
    assert.deepEqual(decodeBase64(encoded), bytes);
  }
});

for (const text of ["AQI", "AQ I", "A===", "=AQI", "AQ=I"]) {
  Deno.test(`isStrictBase64() refuses ${text}`, () => assert.equal(isStrictBase64(ascii(text)), false));
}
