import assert from "node:assert/strict";
import { openMyVaultRow, parseMyVaultKey } from "./mod.ts";
import { decode } from "./testing.ts";

// Contract secrets.md B.8.
const KEY = "base64:jFi1bkzTyKQ5BLtw2dBDo1RItDXlKo8A5z2JbC6TExE=";
const ROWS = [
  {
    text: "super-secret-api-key-12345",
    encryptedValue: "9a4c23b17de7d55af9882cfa964580ab07e79927e24341893a9b",
    encryptionIv: "000102030405060708090a0b",
    encryptionTag: "5d7a8aa7dbf80ba2ecf2edd6c019e5d1",
  },
  {
    text: "パス",
    encryptedValue: "0abac2378d73",
    encryptionIv: "000102030405060708090a0b",
    encryptionTag: "1464f1dd684c948753e6b96e4a368b25",
  },
];
const [ROW] = ROWS;

for (const { text, ...row } of ROWS) {
  Deno.test(`openMyVaultRow() meets the vector of ${text}`, () => {
    assert.equal(decode(openMyVaultRow(parseMyVaultKey(KEY), row)), text);
  });
}

for (
  const { name, change, message } of [
    { name: "another tag", change: { encryptionTag: "0".repeat(32) }, message: /^authentication failed: / },
    {
      name: "another ciphertext",
      change: { encryptedValue: ROWS[1].encryptedValue },
      message: /^authentication failed: /,
    },
    { name: "a short iv", change: { encryptionIv: "00" }, message: /^encryption_iv is not 24 hexadecimal digits$/ },
    {
      name: "a short tag",
      change: { encryptionTag: "5d7a" },
      message: /^encryption_tag is not 32 hexadecimal digits$/,
    },
    { name: "an odd value", change: { encryptedValue: "abc" }, message: /^encrypted_value is not hexadecimal$/ },
    {
      name: "a value with blanks",
      change: { encryptedValue: "ab c" },
      message: /^encrypted_value is not hexadecimal$/,
    },
  ]
) {
  Deno.test(`openMyVaultRow() refuses ${name}`, () => {
    assert.throws(() => openMyVaultRow(parseMyVaultKey(KEY), { ...ROW, ...change }), { name: "PayloadError", message });
  });
}

Deno.test("openMyVaultRow() refuses another key", () => {
  assert.throws(() => openMyVaultRow(new Uint8Array(32), ROW), /^PayloadError: authentication failed: /);
});

Deno.test("parseMyVaultKey() drops characters outside the alphabet, as myVault does", () => {
  assert.deepEqual(parseMyVaultKey(KEY.replace("jFi1", "jF\n i-1")), parseMyVaultKey(KEY));
});

for (const text of ["", KEY.slice(7), "base64:", "base64:AAAA", `${KEY.slice(0, -4)}`]) {
  Deno.test(`parseMyVaultKey() refuses ${JSON.stringify(text.slice(0, 14))} of ${text.length}, quoting none of it`, () => {
    assert.throws(() => parseMyVaultKey(text), (reason: Error) => !reason.message.includes("jFi1"));
  });
}
