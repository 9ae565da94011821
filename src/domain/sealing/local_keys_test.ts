import assert from "node:assert/strict";
import { LocalKeys } from "./local_keys.ts";

const CONTEXT = { secret: "db/password", version: 1 };
const ascending = (first: number, count: number) => Uint8Array.from({ length: count }, (_, i) => first + i);
const keyed = (keyId: string, ...ids: string[]) =>
  new LocalKeys({ keyId, keys: new Map(ids.map((id) => [id, new Uint8Array(32).fill(id.length)])) });

Deno.test("LocalKeys.generate() meets the vector of A.16", async () => {
  const random = [ascending(0, 32), ascending(0, 24)];
  const keys = new LocalKeys({
    keyId: "local",
    keys: new Map([["local", new Uint8Array(32)]]),
    random: () => random.shift()!,
  });
  const { keyId, wrapped, dataKey } = await keys.generate(CONTEXT);
  assert.deepEqual({ keyId, dataKey }, { keyId: "local", dataKey: ascending(0, 32) });
  assert.equal(
    wrapped.toHex(),
    "000102030405060708090a0b0c0d0e0f1011121314151617" +
      "bdd6e051f43467a62a0b236e9401cdecc38a02487036cc2803282f5283a11f732d58abd87f25f744135e0c4f2d254882",
  );
});

Deno.test("LocalKeys unwraps what any of its keys wrapped, and wraps with the current one", async () => {
  const old = keyed("a", "a"), both = keyed("bb", "a", "bb");
  const { dataKey, ...wrapped } = await old.generate(CONTEXT);
  assert.deepEqual(await both.unwrap(wrapped, CONTEXT), dataKey);
  const moved = await both.rewrap(wrapped, CONTEXT);
  assert.equal(moved.keyId, "bb");
  assert.deepEqual(await keyed("bb", "bb").unwrap(moved, CONTEXT), dataKey);
  assert.equal(await both.lastRotation(), undefined);
});

Deno.test("LocalKeys without a record's key names it and the way out", async () => {
  const { keyId, wrapped } = await keyed("a", "a").generate(CONTEXT);
  await assert.rejects(keyed("bb", "bb").unwrap({ keyId, wrapped }, CONTEXT), {
    code: "UNAVAILABLE",
    message: "no master key 'a': name its file in secrets.kms.previous_keys until everything is re-wrapped",
  });
});

Deno.test("LocalKeys refuses a wrapped key that is another's, too short or too long", async () => {
  const keys = keyed("a", "a"), { wrapped } = await keyed("a", "a").generate(CONTEXT);
  const other = new LocalKeys({ keyId: "a", keys: new Map([["a", new Uint8Array(32).fill(9)]]) });
  const loss = { code: "DATA_LOSS" };
  await assert.rejects(other.unwrap({ keyId: "a", wrapped }, CONTEXT), loss);
  for (const length of [0, 24, 71, 73]) {
    const changed = new Uint8Array(length);
    changed.set(wrapped.subarray(0, length));
    await assert.rejects(keys.unwrap({ keyId: "a", wrapped: changed }, CONTEXT), loss);
  }
});

for (const length of [0, 31, 33, 64]) {
  Deno.test(`LocalKeys refuses a master key of ${length} bytes`, () => {
    assert.throws(() => new LocalKeys({ keyId: "a", keys: new Map([["a", new Uint8Array(length)]]) }), {
      code: "INVALID_ARGUMENT",
      message: "master key 'a' has not 32 bytes",
    });
  });
}

Deno.test("LocalKeys refuses to start without its current key", () => {
  assert.throws(() => keyed("b", "a"), { code: "INVALID_ARGUMENT", message: "no master key for key id 'b'" });
});

Deno.test("LocalKeys.close() wipes the master keys, and nothing is wrapped under what is left", async () => {
  const master = new Uint8Array(32).fill(7);
  const keys = new LocalKeys({ keyId: "a", keys: new Map([["a", master]]) });
  const { keyId, wrapped } = await keys.generate(CONTEXT);
  await keys.close();
  assert.deepEqual(master, new Uint8Array(32));
  const closed = { code: "UNAVAILABLE", message: "the master keys are closed" };
  await assert.rejects(keys.generate(CONTEXT), closed);
  await assert.rejects(keys.unwrap({ keyId, wrapped }, CONTEXT), closed);
});
