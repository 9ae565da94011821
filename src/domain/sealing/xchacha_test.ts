import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { ascending, decode, encode } from "./testing.ts";

/** Loads the module and looks at the memory that it works in. */
async function loaded() {
  const memories: WebAssembly.Memory[] = [], { instantiate } = WebAssembly;
  const watched = async (module: BufferSource, imports?: WebAssembly.Imports) => {
    const made = await instantiate(module, imports);
    memories.push(...Object.values(made.instance.exports).filter((it) => it instanceof WebAssembly.Memory));
    return made;
  };
  Object.assign(WebAssembly, { instantiate: watched });
  try {
    const { decryptXChaCha, encryptXChaCha } = await import("./xchacha.ts");
    assert.equal(memories.length, 1);
    return { decryptXChaCha, encryptXChaCha, memory: () => Buffer.from(memories[0].buffer) };
  } finally {
    Object.assign(WebAssembly, { instantiate });
  }
}

const { decryptXChaCha, encryptXChaCha, memory } = await loaded();

const INPUT = { key: ascending(0x80, 32), nonce: ascending(0x40, 24), aad: new Uint8Array(0) };

Deno.test("encryptXChaCha() meets the vector of draft-irtf-cfrg-xchacha-03, A.3.1", () => {
  const plaintext = encode(
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
  );
  const input = { ...INPUT, aad: Uint8Array.fromHex("50515253c0c1c2c3c4c5c6c7") };
  const sealed = encryptXChaCha(input, plaintext);
  assert.equal(
    sealed.toHex(),
    "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39" +
      "ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9" +
      "21f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49",
  );
  assert.equal(decode(decryptXChaCha(input, sealed)!), decode(plaintext));
});

for (const length of [16, 32, 63, 96]) {
  Deno.test(`XChaCha20-Poly1305 leaves no key and nothing of ${length} bytes of plaintext in libsodium's memory`, () => {
    const random = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes));
    const input = { key: random(32), nonce: random(24), aad: random(20) }, plaintext = random(length);
    const assertClean = () => {
      for (const secret of [input.key, plaintext]) {
        for (let at = 0; at + 8 <= secret.length; at += 4) {
          assert.ok(memory().indexOf(secret.subarray(at, at + 8)) < 0, `8 bytes from ${at} on`);
        }
      }
    };
    const sealed = encryptXChaCha(input, plaintext);
    assertClean();
    assert.deepEqual(decryptXChaCha(input, sealed), plaintext);
    assertClean();
    assert.equal(decryptXChaCha({ ...input, aad: random(20) }, sealed), undefined);
    assertClean();
  });
}

Deno.test("XChaCha20-Poly1305 takes messages of any length after one another, each in a buffer of its own", () => {
  for (const length of [0, 1, 100_000, 64, 6_000_000, 65_536]) { // grows its memory, twice
    const plaintext = new Uint8Array(length).fill(length % 251), sealed = encryptXChaCha(INPUT, plaintext);
    assert.equal(sealed.length, length + 16);
    assert.equal(sealed.buffer.byteLength, sealed.length);
    const opened = decryptXChaCha(INPUT, sealed)!;
    assert.ok(opened.every((byte, i) => byte === plaintext[i]), `${length}`);
    assert.equal(opened.buffer.byteLength, length); // shared with nothing: whoever wipes it wipes no more and no less
  }
});

Deno.test("decryptXChaCha() opens nothing that was changed, in any of its parts", () => {
  const aad = encode("a/b:1"), sealed = encryptXChaCha({ ...INPUT, aad }, encode("s3cr3t"));
  const changed = (bytes: Uint8Array, at: number) => bytes.with(at, bytes[at] ^ 1);
  for (let at = 0; at < sealed.length; at++) {
    assert.equal(decryptXChaCha({ ...INPUT, aad }, changed(sealed, at)), undefined, `byte ${at}`);
  }
  for (const name of ["key", "nonce", "aad"] as const) {
    const input = { ...INPUT, aad };
    assert.equal(decryptXChaCha({ ...input, [name]: changed(input[name], 4) }, sealed), undefined, name);
  }
  assert.equal(decryptXChaCha({ ...INPUT, aad: encode("a/b:12") }, sealed), undefined);
});

Deno.test("XChaCha20-Poly1305 refuses a key and a nonce of another length: libsodium would read on behind them", () => {
  const short = new Uint8Array(12);
  assert.throws(() => encryptXChaCha({ ...INPUT, key: short }, short), /^RangeError: a key has 32 bytes, not 12$/);
  assert.throws(() => decryptXChaCha({ ...INPUT, nonce: short }, short), /^RangeError: a nonce has 24 bytes, not 12$/);
});
