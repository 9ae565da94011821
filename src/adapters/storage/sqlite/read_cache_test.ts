import assert from "node:assert/strict";
import type { ReadSecret } from "#ports/secret_store.ts";
import { ReadCache } from "./read_cache.ts";

const read = (length: number) => ({ version: { sealed: { ciphertext: new Uint8Array(length) } } }) as ReadSecret;

Deno.test("ReadCache keeps what is read again and small, a thousand at most, until it is cleared", () => {
  const cache = new ReadCache(), small = read(4096);
  for (const kept of [undefined, small]) {
    cache.add("a/b", small);
    cache.add("a/big", read(4097));
    assert.equal(cache.get("a/b"), kept);
  }
  assert.equal(cache.get("a/big"), undefined);
  cache.clear();
  assert.equal(cache.get("a/b"), undefined);
  const names = Array.from({ length: 5000 }, (_, i) => `a/${i}`);
  const kept = () => names.filter((name) => cache.get(name) !== undefined).length;
  for (const name of names) cache.add(name, small);
  assert.ok(kept() < 10, "those of one pass are not kept");
  for (const name of names) for (let i = 0; i < 2; i++) cache.add(name, small);
  assert.ok(kept() > 0 && kept() <= 1024);
});
