import assert from "node:assert/strict";
import type { ReadSecret } from "#ports/secret_store.ts";
import { ReadCache } from "./read_cache.ts";

const read = (length: number) => ({ version: { sealed: { ciphertext: new Uint8Array(length) } } }) as ReadSecret;

Deno.test("ReadCache keeps what is small, a thousand at most, until it is cleared", () => {
  const cache = new ReadCache(), small = read(4096);
  cache.add("a/b", small);
  cache.add("a/big", read(4097));
  assert.equal(cache.get("a/b"), small);
  assert.equal(cache.get("a/big"), undefined);
  cache.clear();
  assert.equal(cache.get("a/b"), undefined);
  for (let i = 0; i < 5000; i++) cache.add(`a/${i}`, small);
  const kept = Array.from({ length: 5000 }, (_, i) => cache.get(`a/${i}`)).filter((one) => one !== undefined);
  assert.ok(kept.length > 0 && kept.length <= 1024);
});
