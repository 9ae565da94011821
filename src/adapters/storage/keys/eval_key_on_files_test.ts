import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { TempDir } from "#config/testing.ts";
import { EvalKey, writeKeyEnvelope } from "#domain/fhe/mod.ts";
import type { OpenKeyFile } from "#ports/key_store.ts";
import { KeyFiles } from "./key_files.ts";

const MIN_BYTES = 1 + 4 * 4096 * 8 * 33, MIB = 2 ** 20;

function payloadOf(size: number): Uint8Array<ArrayBuffer> {
  const payload = new Uint8Array(size);
  for (let i = 0; i < size; i++) payload[i] = i * 31 + (i >> 8);
  payload[0] = "F".charCodeAt(0);
  return payload;
}

/** Key files that remember how much was read at once. */
class WatchedFiles extends KeyFiles {
  longestRead = 0;
  opened = 0;

  override async open(file: string): Promise<OpenKeyFile | undefined> {
    const open = await super.open(file);
    if (!open) return undefined;
    this.opened++;
    return {
      size: open.size,
      read: (offset, length) => {
        this.longestRead = Math.max(this.longestRead, length);
        return open.read(offset, length);
      },
      [Symbol.dispose]: () => {
        this.opened--;
        open[Symbol.dispose]();
      },
    };
  }
}

function storeWith(dir: TempDir, envelope: Uint8Array | string): WatchedFiles {
  const path = dir.write("keys/vault-key/EvalKey.json", "");
  Deno.writeFileSync(path, typeof envelope === "string" ? new TextEncoder().encode(envelope) : envelope);
  return new WatchedFiles(dir.join("keys"));
}

for (const size of [MIN_BYTES, MIN_BYTES + 1, MIN_BYTES + 2]) {
  Deno.test(`EvalKey gives the ${size} bytes of the envelope, in parts, and never reads more than a part`, async () => {
    using dir = new TempDir();
    const payload = payloadOf(size), store = storeWith(dir, writeKeyEnvelope("EvalKey", payload, 0));
    {
      using key = await EvalKey.open(store);
      assert.equal(key.size, size);
      assert.equal(key.sha256, createHash("sha256").update(payload).digest("hex"));
      for (const [offset, length] of [[0, MIB], [MIB, MIB], [MIB + 1, 5], [2 * MIB - 1, 2], [size - 1, 1], [7, 0]]) {
        assert.deepEqual(await key.read(offset, length), payload.subarray(offset, offset + length), `${offset}`);
      }
      assert.equal(store.opened, 1);
    }
    assert.equal(store.opened, 0);
    assert.ok(store.longestRead < 1.4 * MIB, `${store.longestRead} bytes at once`);
  });
}

Deno.test("EvalKey stays what it was while its file is replaced", async () => {
  using dir = new TempDir();
  const payload = payloadOf(MIN_BYTES), store = storeWith(dir, writeKeyEnvelope("EvalKey", payload, 0));
  using key = await EvalKey.open(store);
  Deno.renameSync(dir.write("other", "x"), store.pathOf("EvalKey.json"));
  assert.deepEqual(await key.read(100, 50), payload.subarray(100, 150));
});

const whole = new TextDecoder().decode(writeKeyEnvelope("EvalKey", payloadOf(MIN_BYTES), 0));
const data = /"key_data":"([^"]+)"/.exec(whole)![1];
const withData = (text: string) => whole.replace(data, () => text);

for (
  const { name, envelope, want } of [
    { name: "empty", envelope: "", want: "entries[0] has no key_data" },
    { name: "no envelope", envelope: `{"format":"evalkey","note":"test"}`, want: "entries[0] has no key_data" },
    { name: "cut off", envelope: whole.slice(0, 3_000_000), want: "the envelope is not a JSON object" },
    {
      name: "of another kind",
      envelope: whole.replace('"format":"evalkey"', '"format":"enckey"'),
      want: "the envelope's format is not 'evalkey'",
    },
    { name: "without a key", envelope: withData(""), want: "entries[0] has no key_data" },
    { name: "with a changed byte", envelope: withData(`A${data.slice(1)}`), want: "the key's first byte is 2 instead" },
    {
      name: "with another changed byte",
      envelope: withData(`${data.slice(0, 2_000_000)}////${data.slice(2_000_004)}`),
      want: "entries[0].hash does not match key_data",
    },
    {
      name: "with a character that is not base64",
      envelope: withData(`${data.slice(0, 2_000_000)}!${data.slice(2_000_001)}`),
      want: "entries[0].key_data is not valid base64",
    },
    {
      name: "with blanks in the key",
      envelope: withData(`${data.slice(0, 2_000_000)}    ${data.slice(2_000_004)}`),
      want: "entries[0].key_data is not valid base64",
    },
    {
      name: "of an odd length",
      envelope: withData(data.slice(0, -1)),
      want: "entries[0].key_data is not valid base64",
    },
    { name: "too short", envelope: withData(data.slice(0, 4_000_000)), want: "the key has 3000000 bytes, fewer than" },
  ]
) {
  Deno.test(`EvalKey refuses an EvalKey.json that is ${name}, quotes nothing of it and closes it`, async () => {
    using dir = new TempDir();
    const store = storeWith(dir, envelope);
    const reason = await EvalKey.open(store).then(() => assert.fail("taken"), ({ message }) => message as string);
    assert.ok(reason.startsWith(`${store.pathOf("EvalKey.json")}: ${want}`), reason);
    assert.equal(reason.includes(data.slice(0, 20)), false);
    assert.equal(store.opened, 0);
  });
}

Deno.test("EvalKey says so when there is no EvalKey.json", async () => {
  using dir = new TempDir();
  const store = new KeyFiles(dir.path);
  await assert.rejects(EvalKey.open(store), { message: `${store.pathOf("EvalKey.json")}: no such file` });
});
