import assert from "node:assert/strict";
import { systemRandom } from "#ports/random.ts";
import { generatedValue } from "./generated_value.ts";

const text = (value: Uint8Array) => new TextDecoder().decode(value);

Deno.test("generatedValue() is 32 random bytes in base64url without padding, and wipes them", () => {
  const drawn = Uint8Array.from({ length: 32 }, (_, i) => 255 - i * 7);
  const wanted = drawn.toBase64({ alphabet: "base64url", omitPadding: true });
  assert.equal(text(generatedValue(() => drawn)), wanted);
  assert.ok(drawn.every((byte) => byte === 0));
});

Deno.test("generatedValue() never repeats one in 50,000, all of 43 characters of [A-Za-z0-9-_]", () => {
  const seen = new Set(Array.from({ length: 50_000 }, () => text(generatedValue(systemRandom))));
  assert.equal(seen.size, 50_000);
  for (const value of seen) assert.match(value, /^[A-Za-z0-9_-]{43}$/);
});
