import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { TempDir } from "#config/testing.ts";
import { holdLegacyEvalKey, openEvalKey, writeKeyEnvelope } from "#domain/fhe/mod.ts";
import { KeyFiles } from "./key_files.ts";

const SIZE = 1 + 4 * 4096 * 8 * 33;

function keyOf(fill: number, size = SIZE): Uint8Array<ArrayBuffer> {
  const key = new Uint8Array(size).fill(fill);
  key[0] = "F".charCodeAt(0);
  return key;
}

const sha256Of = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Key files of which `EvalKey.bin` alone is there. */
function legacyStore(dir: TempDir, key: Uint8Array): KeyFiles {
  Deno.writeFileSync(dir.write("keys/vault-key/EvalKey.bin", ""), key);
  return new KeyFiles(dir.join("keys"));
}

Deno.test("openEvalKey() gives the bytes of an EvalKey.bin that is held, again and again, whatever becomes of its name", async () => {
  using dir = new TempDir();
  const payload = keyOf(7), store = legacyStore(dir, payload);
  using held = await holdLegacyEvalKey(store);
  Deno.removeSync(store.pathOf("EvalKey.bin"));
  for (let i = 0; i < 2; i++) {
    using key = await openEvalKey(store, held);
    assert.deepEqual([key.size, key.sha256], [SIZE, sha256Of(payload)]);
    assert.deepEqual(await key.read(SIZE - 3, 3), payload.subarray(SIZE - 3));
    assert.deepEqual(await key.read(0, 5), payload.subarray(0, 5));
  }
});

Deno.test("an EvalKey.json wins over an EvalKey.bin, at start and later", async () => {
  using dir = new TempDir();
  const store = legacyStore(dir, keyOf(7));
  using held = await holdLegacyEvalKey(store);
  Deno.writeFileSync(store.pathOf("EvalKey.json"), writeKeyEnvelope("EvalKey", keyOf(9), 0));
  using key = await openEvalKey(store, held);
  assert.equal(key.sha256, sha256Of(keyOf(9)));
  assert.equal(await holdLegacyEvalKey(store), undefined);
});

Deno.test("openEvalKey() without any evaluation key names the file that should be there", async () => {
  using dir = new TempDir();
  const store = new KeyFiles(dir.path);
  const held = await holdLegacyEvalKey(store);
  await assert.rejects(openEvalKey(store, held), { message: `${store.pathOf("EvalKey.json")}: no such file` });
});

for (
  const { name, payload, want } of [
    { name: "too short", payload: keyOf(7, SIZE - 1), want: `the key has ${SIZE - 1} bytes, fewer than` },
    { name: "no key", payload: new Uint8Array(SIZE), want: "the key's first byte is 0 instead of 'F'" },
  ]
) {
  Deno.test(`openEvalKey() refuses an EvalKey.bin that is ${name}`, async () => {
    using dir = new TempDir();
    const store = legacyStore(dir, payload);
    using held = await holdLegacyEvalKey(store);
    const reason = await openEvalKey(store, held).then(() => assert.fail("taken"), ({ message }) => message as string);
    assert.ok(reason.startsWith(`${store.pathOf("EvalKey.bin")}: ${want}`), reason);
  });
}

Deno.test("openEvalKey() sends nothing of an EvalKey.bin that is cut short meanwhile", async () => {
  using dir = new TempDir();
  const store = legacyStore(dir, keyOf(7));
  using held = await holdLegacyEvalKey(store);
  using key = await openEvalKey(store, held);
  Deno.truncateSync(store.pathOf("EvalKey.bin"), 10);
  const message = "the evaluation key's file has become shorter";
  await assert.rejects(key.read(100, 5), { message });
  await assert.rejects(openEvalKey(store, held), { message: `${store.pathOf("EvalKey.bin")}: ${message}` });
});
