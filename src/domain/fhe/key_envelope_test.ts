import assert from "node:assert/strict";
import { readKeyEnvelope, writeKeyEnvelope } from "./key_envelope.ts";
import type { KeyName } from "./key_payload.ts";

const golden = (name: KeyName) =>
  Deno.readFileSync(new URL(`../../../tests/vectors/fhe/vault-key/${name}.json`, import.meta.url));
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (json: string) => new TextEncoder().encode(json);

for (const name of ["SecKey", "EncKey"] as const) {
  Deno.test(`writeKeyEnvelope() makes the vendor's ${name}.json byte for byte`, () => {
    const envelope = golden(name);
    const payload = readKeyEnvelope(name, "file", envelope);
    const createdAt = Date.parse(JSON.parse(text(envelope)).created_at);
    assert.equal(text(writeKeyEnvelope(name, payload, createdAt)), text(envelope));
  });
}

const sealed = (payload: Uint8Array) => writeKeyEnvelope("SecKey", payload, 0);
const payload = () => readKeyEnvelope("SecKey", "file", golden("SecKey"));
const withPayload = (change: (payload: Uint8Array) => void) => {
  const changed = payload();
  change(changed);
  return sealed(changed);
};
const edited = (change: (envelope: ReturnType<typeof JSON.parse>) => void) => {
  const envelope = JSON.parse(text(golden("SecKey")));
  change(envelope);
  return bytes(JSON.stringify(envelope));
};

for (
  const { name, envelope, want } of [
    { name: "no JSON", envelope: bytes("nope"), want: "the envelope is not a JSON object" },
    { name: "an empty file", envelope: bytes(""), want: "the envelope is not a JSON object" },
    { name: "half a file", envelope: golden("SecKey").subarray(0, 900), want: "the envelope is not a JSON object" },
    { name: "no entries", envelope: edited((e) => e.entries = []), want: "the envelope has no entries" },
    { name: "no key_data", envelope: edited((e) => delete e.entries[0].key_data), want: "entries[0] has no key_data" },
    { name: "empty key_data", envelope: edited((e) => e.entries[0].key_data = ""), want: "entries[0] has no key_data" },
    {
      name: "key_data of another kind",
      envelope: edited((e) => e.entries[0].key_data = 7),
      want: "entries[0] has no key_data",
    },
    {
      name: "bad base64",
      envelope: edited((e) => e.entries[0].key_data = `!${e.entries[0].key_data.slice(1)}`),
      want: "entries[0].key_data is not valid base64",
    },
    {
      name: "a damaged key",
      envelope: edited((e) => e.entries[0].key_data = `B${e.entries[0].key_data.slice(1)}`),
      want: "entries[0].hash does not match key_data: the file is damaged",
    },
    { name: "another key's file", envelope: golden("EncKey"), want: "the envelope's format is not 'seckey'" },
    {
      name: "a wrong length",
      envelope: sealed(payload().subarray(0, 1028)),
      want: "the key has 1028 bytes instead of 1029",
    },
    {
      name: "a wrong first byte",
      envelope: withPayload((p) => p[0] = 2),
      want: "the key's first byte is 2 instead of 1",
    },
    { name: "preset IP1", envelope: withPayload((p) => p[3] = 0x31), want: "preset IP1 is not supported, only IP0" },
    {
      name: "an unknown preset",
      envelope: withPayload((p) => p[1] = 0x58),
      want: "the key's preset is unknown, only IP0 is supported",
    },
    {
      name: "an invalid coefficient code",
      envelope: withPayload((p) => p[5] = 0b10_00_00_00),
      want: "the key holds an invalid coefficient code",
    },
    {
      name: "a wrong Hamming weight",
      envelope: withPayload((p) => p.fill(0, 5, 6)),
      want: "the key's Hamming weight is not 2730",
    },
  ]
) {
  Deno.test(`readKeyEnvelope() refuses ${name}, naming the file and quoting nothing`, () => {
    assert.throws(() => readKeyEnvelope("SecKey", "/keys/SecKey.json", envelope), {
      name: "PayloadError",
      message: `/keys/SecKey.json: ${want}`,
    });
  });
}
