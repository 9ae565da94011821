import assert from "node:assert/strict";
import { systemRandom } from "#ports/random.ts";
import { agentIdOf, digestOf } from "./agent_id.ts";
import { newToken } from "./new_token.ts";

Deno.test("agentIdOf() gives the published agent id of the demo token", () => {
  assert.equal(agentIdOf("evt_0000000000000000000000000000demo"), "a84c4af3aac6f4479a6741d9df0cda65");
});

Deno.test("digestOf() hashes the token's UTF-8", () => {
  assert.equal(digestOf("é"), "4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c");
});

Deno.test("newToken() is evt_ and the hex of 16 random bytes", () => {
  const asked: number[] = [];
  const random = (bytes: number) => {
    asked.push(bytes);
    return Uint8Array.from({ length: bytes }, (_, i) => i);
  };
  assert.equal(newToken(random), "evt_000102030405060708090a0b0c0d0e0f");
  assert.deepEqual(asked, [16]);
});

Deno.test("newToken() refuses a source that gives too little", () => {
  assert.throws(() => newToken(() => new Uint8Array(15)), { code: "INTERNAL" });
});

Deno.test("systemRandom() does not repeat itself", () => {
  const tokens = Array.from({ length: 1000 }, () => newToken(systemRandom));
  assert.equal(new Set(tokens).size, 1000);
  for (const token of tokens) assert.match(token, /^evt_[0-9a-f]{32}$/);
});
