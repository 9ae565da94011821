import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createCipheriv } from "node:crypto";
import { deriveAgentKey } from "./agent_key.ts";
import { decryptCtr } from "./ciphers.ts";
import { MetadataDecryptor } from "./metadata_decryptor.ts";

const SECRET = "test-team-secret-32-bytes-please";
const AGENT = "abc123def456";
const DEMO_AGENT = "a84c4af3aac6f4479a6741d9df0cda65";
const encode = (text: string) => new TextEncoder().encode(text);
const envelope = (fields: object) => encode(JSON.stringify(fields));

async function decrypt(...envelopes: Uint8Array[]): Promise<string[]> {
  const plaintexts = await new MetadataDecryptor(SECRET).decryptAll(envelopes);
  return plaintexts.map((plaintext) => new TextDecoder().decode(plaintext));
}

function sealCtr(agent: string, plaintext: Uint8Array): Uint8Array {
  const iv = crypto.getRandomValues(new Uint8Array(16));
  const cipher = createCipheriv("aes-256-ctr", deriveAgentKey(SECRET, agent), iv);
  return envelope({ a: agent, c: Buffer.concat([iv, cipher.update(plaintext)]).toString("base64") });
}

function sealGcm(agent: string, plaintext: Uint8Array): { a: string; c: string; v: 2 } {
  const nonce = crypto.getRandomValues(new Uint8Array(12));
  const cipher = createCipheriv("aes-256-gcm", deriveAgentKey(SECRET, agent), nonce);
  cipher.setAAD(encode(agent));
  const sealed = [nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()];
  return { v: 2, a: agent, c: Buffer.concat(sealed).toString("base64") };
}

// Contract runevault.md 1.11.
for (
  const [secret, agent, hex] of [
    [SECRET, AGENT, "0e4757183d2aa64e384012a494accb6fa18b8ff144c97b78b91bec3b6720767a"],
    ["test-secret", DEMO_AGENT, "b9ba29b71e577140709adc6eef17df5b1583f404cb38651d287b810da316720a"],
    ["fixture-team-secret-for-testing", DEMO_AGENT, "990b277571a73e39d8bcbc24660cc02b13de0430d7dc0e1f1041741f05df3dd7"],
    [SECRET, DEMO_AGENT, "3a9ac4faeaa11c18e195227e79d5c1f149f1c6627707e22d90c1e27de0b3aafd"],
  ]
) {
  Deno.test(`deriveAgentKey() meets the vector of ${secret} and ${agent}`, () => {
    assert.equal(deriveAgentKey(secret, agent).toHex(), hex);
  });
}

Deno.test("deriveAgentKey() gives 32 bytes, the same for the same secret and agent and no others", () => {
  const inputs = [["s1", "a1"], ["s1", "a1"], ["s1", "a2"], ["s2", "a1"]] as const;
  const keys = inputs.map(([secret, agent]) => deriveAgentKey(secret, agent));
  assert.deepEqual(keys.map(({ length }) => length), [32, 32, 32, 32]);
  const [first, again, ...others] = keys.map((key) => key.toHex());
  assert.equal(first, again);
  assert.equal(new Set([first, ...others]).size, 3);
});

Deno.test("decryptCtr() refuses a key of 5 bytes", async () => {
  await assert.rejects(decryptCtr(encode("A".repeat(44)), new Uint8Array(5)), /[Ii]nvalid key length/);
});

for (
  const { c, want } of [
    { c: "OhawM+14dWV/2KJwL0Ud3pqJpP6Mr7XVfCsM", want: "hello world" },
    { c: "x801QtEfmRM9Hg9ncV0p1aHbcPTBGI/63+L7c/TPVoPFRS/p", want: `{"foo":"bar","n":42}` },
    { c: "zAoZPxGEAucFdLBQWyahXBFCCwjLL8z2RjA=", want: "\x00\x01\x02\x03binary" },
  ]
) {
  Deno.test(`MetadataDecryptor meets the vector of ${JSON.stringify(want)}`, async () => {
    assert.deepEqual(await decrypt(envelope({ a: AGENT, c, extra: 1 })), [want]);
  });
}

// Contract runevault.md 10.16: the recipe of the original's fixture, sealed under the published key of its agent.
Deno.test("MetadataDecryptor opens the fixture's envelopes, the first one alone and all in order", async () => {
  const key = Uint8Array.fromHex("990b277571a73e39d8bcbc24660cc02b13de0430d7dc0e1f1041741f05df3dd7");
  const documents = ["Hello world", "Integration test data", "Fixture metadata"]
    .map((content, i) => ({ title: `Test Document ${i}`, content }));
  const sealed = documents.map((document, i) => {
    const iv = new Uint8Array(16).fill(i), cipher = createCipheriv("aes-256-ctr", key, iv);
    const c = Buffer.concat([iv, cipher.update(JSON.stringify(document))]).toString("base64");
    return envelope({ a: DEMO_AGENT, c });
  });
  const decryptor = new MetadataDecryptor("fixture-team-secret-for-testing");
  const open = async (...envelopes: Uint8Array[]) =>
    (await decryptor.decryptAll(envelopes)).map((plaintext) => JSON.parse(new TextDecoder().decode(plaintext)));
  assert.deepEqual(await open(sealed[0]), [documents[0]]);
  assert.deepEqual(await open(...sealed), documents);
});

Deno.test("MetadataDecryptor keeps the order and uses each envelope's own agent", async () => {
  const items = ["b", "a", "c"].map((agent) => sealCtr(agent, encode(`of ${agent}`)));
  assert.deepEqual(await decrypt(...items), ["of b", "of a", "of c"]);
});

Deno.test("MetadataDecryptor opens an authenticated envelope", async () => {
  assert.deepEqual(await decrypt(envelope(sealGcm(AGENT, encode("grüße")))), ["grüße"]);
});

Deno.test("MetadataDecryptor refuses an authenticated envelope with any bit flipped", async () => {
  const sealed = sealGcm(AGENT, encode("secret"));
  const bytes = Uint8Array.fromBase64(sealed.c);
  const want = { name: "PayloadError", message: "Metadata decryption failed: authentication failed" };
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = bytes.slice();
    flipped[bit >> 3] ^= 1 << (bit & 7);
    await assert.rejects(decrypt(envelope({ ...sealed, c: flipped.toBase64() })), want);
  }
  await assert.rejects(decrypt(envelope({ ...sealed, a: `${AGENT}0` })), want);
});

for (
  const { name, length } of [
    { name: "just below a slice", length: 3 * 2 ** 18 - 17 },
    { name: "of several slices", length: 3_000_001 },
  ]
) {
  const plaintext = "grüße ".repeat(Math.ceil(length / 8)).slice(0, length - 1000).padEnd(length - 500, "x");
  Deno.test(`MetadataDecryptor opens a plaintext ${name} in either form`, async () => {
    const bytes = encode(plaintext);
    assert.ok((await decrypt(sealCtr(AGENT, bytes)))[0] === plaintext);
    assert.ok((await decrypt(envelope(sealGcm(AGENT, bytes))))[0] === plaintext);
  });
  Deno.test(`MetadataDecryptor opens a plaintext ${name} in base64 with line breaks, as the original did`, async () => {
    const { a, c } = JSON.parse(new TextDecoder().decode(sealCtr(AGENT, encode(plaintext))));
    const broken = c.replace(/.{76}/g, "$&\n");
    assert.ok((await decrypt(envelope({ c: broken, a })))[0] === plaintext);
  });
}

Deno.test("MetadataDecryptor is not led astray by other long texts in an envelope", async () => {
  const { a, c } = JSON.parse(new TextDecoder().decode(sealCtr(AGENT, encode("hello"))));
  const long = "A".repeat(200_000);
  assert.deepEqual(await decrypt(envelope({ z: long, a, c })), ["hello"]);
  assert.deepEqual(await decrypt(envelope({ z: `"${long}`, a, c })), ["hello"]);
  await assert.rejects(decrypt(envelope({ z: long, a })), { message: "Metadata decryption failed: 'c'" });
  await assert.rejects(decrypt(encode(`{"a":"${long}`)), { message: /Expecting value/ });
  assert.deepEqual(await decrypt(sealCtr(long, encode("of a long agent"))), ["of a long agent"]);
});

const good = sealCtr(AGENT, encode("good"));
for (
  const { name, item, want } of [
    { name: "text that is not JSON", item: encode("not-json"), want: "Expecting value: line 1 column 1 (char 0)" },
    { name: "an envelope without a", item: envelope({ x: "y" }), want: "'a'" },
    { name: "an envelope without c", item: envelope({ a: AGENT }), want: "'c'" },
    { name: "an envelope that is a list", item: encode("[]"), want: "the envelope is not a JSON object" },
    { name: "an unknown version", item: envelope({ a: "", c: "", v: 3 }), want: "'v' is not a known envelope version" },
    { name: "bytes that are not UTF-8", item: Uint8Array.of(0xff), want: "the envelope is not UTF-8" },
    {
      name: "junk for base64",
      item: envelope({ a: AGENT, c: "!!!not-base64!!!" }),
      want: "Invalid base64-encoded string: number of data characters (9) cannot be 1 more than a multiple of 4",
    },
    {
      name: "a ciphertext of 12 bytes",
      item: envelope({ a: AGENT, c: "AAAAAAAAAAAAAAAA" }),
      want: "crypto: ciphertext too short (need >= 16 bytes after base64 decode)",
    },
    {
      name: "a plaintext that is not UTF-8",
      item: sealCtr(AGENT, Uint8Array.of(0xff, 0xfe)),
      want: "the plaintext is not UTF-8",
    },
  ]
) {
  Deno.test(`MetadataDecryptor fails the whole call for ${name}`, async () => {
    await assert.rejects(decrypt(good, item), { name: "PayloadError", message: `Metadata decryption failed: ${want}` });
  });
}

Deno.test("MetadataDecryptor without a team secret says so", async () => {
  await assert.rejects(new MetadataDecryptor("").decryptAll([good]), { message: "VAULT_TEAM_SECRET not configured" });
});
