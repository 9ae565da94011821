import assert from "node:assert/strict";
import fc from "fast-check";
import { VaultError } from "#errors/mod.ts";
import type { KeyEncryption } from "#ports/key_encryption.ts";
import { type RandomBytes, systemRandom } from "#ports/random.ts";
import type { SealAlgorithm, SealedValue } from "#ports/secret_store.ts";
import { LocalKeys } from "./local_keys.ts";
import { additionalData, EnvelopeSealer } from "./mod.ts";
import { ascending, decode, encode, flipped, queued } from "./testing.ts";

const NAME = "db/password", ALGORITHMS = ["xchacha20-poly1305", "aes-256-gcm"] as const;

function localKeys(random: RandomBytes = systemRandom, master = ascending(100, 32)): LocalKeys {
  return new LocalKeys({ keyId: "local", keys: new Map([["local", master]]), random });
}

function sealerOf(keys: KeyEncryption = localKeys(), algorithm?: SealAlgorithm): EnvelopeSealer {
  return new EnvelopeSealer({ keys, algorithm });
}

const damaged = (why: string, name = NAME, version = 1) => ({
  code: "DATA_LOSS",
  message: `secret '${name}' version ${version} cannot be opened: ${why}`,
});

Deno.test("additionalData() meets the vector of A.16", () => {
  assert.equal(additionalData(NAME, 1).toHex(), "64622f70617373776f72643a31");
});

Deno.test("additionalData() begins with the name and tells versions apart", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), fc.nat(), fc.nat(), (name, version, other) => {
    const text = decode(additionalData(name, version));
    assert.equal(text, `${name}:${version}`);
    assert.equal(decode(additionalData(name, other)) === text, version === other);
  }));
});

for (
  const { version, want } of [
    { version: 1, want: "a70a6602e394cc7aca34aa4feb41a354b881dec3cb95" },
    { version: 2, want: "a70a6602e3943c8f4d512030643c7c15bfb5c986557a" },
  ]
) {
  Deno.test(`EnvelopeSealer.seal() meets the vector of A.16 for version ${version}`, async () => {
    const keys = localKeys(queued(ascending(0, 32), ascending(0, 24)), new Uint8Array(32));
    const sealer = new EnvelopeSealer({ keys, random: queued(ascending(0x40, 24)), rotationAt: () => 7 });
    const sealed = await sealer.seal(NAME, version, encode("s3cr3t"));
    assert.equal(sealed.ciphertext.toHex(), want);
    assert.deepEqual({ ...sealed, wrappedKey: 0, ciphertext: 0 }, {
      algorithm: "xchacha20-poly1305",
      keyId: "local",
      wrappedKey: 0,
      nonce: ascending(0x40, 24),
      ciphertext: 0,
      aad: encode(`${NAME}:${version}`),
      wrappedRotationAt: 7,
    });
    assert.equal(decode(await sealer.open(NAME, version, sealed)), "s3cr3t");
  });
}

for (const algorithm of ALGORITHMS) {
  Deno.test(`EnvelopeSealer opens what it sealed, ${algorithm}`, async () => {
    const sealer = sealerOf(undefined, algorithm);
    const sealed = await sealer.seal(NAME, 1, encode("s3cr3t"));
    assert.notEqual(decode(sealed.ciphertext.subarray(0, 6)), "s3cr3t");
    assert.equal(sealed.ciphertext.length, 6 + 16);
    assert.ok(sealed.wrappedKey.length > 0);
    const opened = await sealer.open(NAME, 1, sealed);
    assert.equal(decode(opened), "s3cr3t");
    assert.equal(opened.buffer.byteLength, 6); // shared with nothing: whoever wipes it wipes no more and no less
    opened.fill(0);
    assert.equal(decode(await sealer.open(NAME, 1, sealed)), "s3cr3t");
  });

  Deno.test(`EnvelopeSealer takes any bytes and gives them back, ${algorithm}`, async () => {
    const sealer = sealerOf(undefined, algorithm);
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), async (plaintext) => {
      const sealed = await sealer.seal(NAME, 3, plaintext);
      assert.deepEqual(await sealer.open(NAME, 3, sealed), plaintext);
    }));
  });

  Deno.test(`EnvelopeSealer refuses a record with any bit flipped in any field, ${algorithm}`, async () => {
    const sealer = sealerOf(undefined, algorithm);
    const sealed = await sealer.seal(NAME, 1, encode("s3cr3t"));
    for (const field of ["aad", "nonce", "wrappedKey", "ciphertext"] as const) {
      for (let bit = 0; bit < sealed[field].length * 8; bit++) {
        const changed = { ...sealed, [field]: flipped(sealed[field], bit >> 3, bit & 7) };
        await assert.rejects(sealer.open(NAME, 1, changed), { code: "DATA_LOSS" }, `${field} ${bit}`);
      }
    }
  });

  Deno.test(`EnvelopeSealer refuses a short tag, ${algorithm}`, async () => {
    const sealer = sealerOf(undefined, algorithm);
    const sealed = await sealer.seal(NAME, 1, encode("s3cr3t"));
    for (let length = 0; length < sealed.ciphertext.length; length++) {
      const cut = { ...sealed, ciphertext: sealed.ciphertext.subarray(0, length) };
      await assert.rejects(sealer.open(NAME, 1, cut), damaged("authentication failed"));
    }
  });
}

for (
  const { name, version } of [{ name: "db/other", version: 1 }, { name: NAME, version: 2 }, { name: NAME, version: 11 }]
) {
  Deno.test(`EnvelopeSealer.open() refuses a record moved to ${name} version ${version}`, async () => {
    const sealer = sealerOf(), sealed = await sealer.seal(NAME, 1, encode("s3cr3t"));
    await assert.rejects(
      sealer.open(name, version, sealed),
      damaged("it was sealed under another name or version", name, version),
    );
    const forged = { ...sealed, aad: additionalData(name, version) }; // the cipher holds what the comparison let pass
    await assert.rejects(sealer.open(name, version, forged), damaged("authentication failed", name, version));
  });
}

for (
  const { what, change, why } of [
    {
      what: "a nonce of the other algorithm",
      change: { nonce: new Uint8Array(12) },
      why: "its nonce is not of 24 bytes",
    },
    { what: "no nonce", change: { nonce: new Uint8Array() }, why: "its nonce is not of 24 bytes" },
    { what: "another algorithm", change: { algorithm: "aes-256-gcm" }, why: "its nonce is not of 12 bytes" },
    { what: "an unknown algorithm", change: { algorithm: "rot13" }, why: "its algorithm is not known" },
    { what: "a property for an algorithm", change: { algorithm: "toString" }, why: "its algorithm is not known" },
    { what: "an empty wrapped key", change: { wrappedKey: new Uint8Array() }, why: "its data key cannot be unwrapped" },
  ] as { what: string; change: Partial<SealedValue>; why: string }[]
) {
  Deno.test(`EnvelopeSealer.open() refuses ${what}`, async () => {
    const sealer = sealerOf(), sealed = await sealer.seal(NAME, 1, encode("s3cr3t"));
    await assert.rejects(sealer.open(NAME, 1, { ...sealed, ...change }), damaged(why));
  });
}

Deno.test("EnvelopeSealer.open() refuses every mixture of the fields of two records, of any ciphers, names and versions", async () => {
  const fields = ["algorithm", "keyId", "wrappedKey", "nonce", "ciphertext", "aad"] as const;
  const others = [{ name: NAME, version: 2 }, { name: "db/other", version: 1 }];
  for (const own of ALGORITHMS) {
    for (const other of ALGORITHMS) {
      const sealer = sealerOf(localKeys(), own);
      const sealed = await sealer.seal(NAME, 1, encode("s3cr3t"));
      for (const { name, version } of others) {
        const foreign = await sealerOf(localKeys(), other).seal(name, version, encode("theirs"));
        for (let taken = 0; taken < 1 << fields.length; taken++) {
          const theirs = fields.filter((_, i) => taken >> i & 1);
          const mixed = { ...sealed, ...Object.fromEntries(theirs.map((field) => [field, foreign[field]])) };
          const isOwn = theirs.every((field) => field === "keyId" || field === "algorithm" && own === other);
          const opened = sealer.open(NAME, 1, mixed);
          if (isOwn) assert.equal(decode(await opened), "s3cr3t");
          else await assert.rejects(opened, { code: "DATA_LOSS" }, `${own}, ${other}: ${theirs}`);
        }
      }
    }
  }
});

Deno.test("EnvelopeSealer.open() refuses another master key", async () => {
  const sealed = await sealerOf().seal(NAME, 1, encode("s3cr3t"));
  const other = sealerOf(localKeys(systemRandom, ascending(1, 32)));
  await assert.rejects(other.open(NAME, 1, sealed), damaged("its data key cannot be unwrapped"));
});

Deno.test("EnvelopeSealer.open() gives an error or the value for any hostile record", async () => {
  const sealer = sealerOf(), aad = additionalData(NAME, 1);
  const bytes = fc.uint8Array({ maxLength: 100 });
  const record = fc.record({
    algorithm: fc.constantFrom(...ALGORITHMS),
    wrappedKey: fc.oneof(bytes, fc.uint8Array({ minLength: 72, maxLength: 72 })),
    nonce: fc.oneof(bytes, fc.uint8Array({ minLength: 24, maxLength: 24 })),
    ciphertext: bytes,
  });
  await fc.assert(fc.asyncProperty(record, async (hostile) => {
    const sealed = { ...hostile, keyId: "local", aad, wrappedRotationAt: null };
    await assert.rejects(sealer.open(NAME, 1, sealed), { code: "DATA_LOSS" });
  }));
});

Deno.test("EnvelopeSealer.seal() gives two seals of one value nothing in common", async () => {
  const sealer = sealerOf();
  const [a, b] = [await sealer.seal(NAME, 1, encode("s3cr3t")), await sealer.seal(NAME, 1, encode("s3cr3t"))];
  for (const field of ["wrappedKey", "nonce", "ciphertext"] as const) {
    assert.notEqual(a[field].toHex(), b[field].toHex(), field);
  }
});

Deno.test("EnvelopeSealer.seal() repeats no nonce in 100,000 and no data key in 50,000", async () => {
  const nonces = new Set<string>(), dataKeys = new Set<string>();
  const countingKeys: RandomBytes = (count) => {
    const bytes = systemRandom(count);
    if (count === 32) dataKeys.add(bytes.toHex());
    return bytes;
  };
  const random: RandomBytes = (count) => {
    const bytes = systemRandom(count);
    nonces.add(bytes.toHex());
    return bytes;
  };
  const sealer = new EnvelopeSealer({ keys: localKeys(countingKeys), random });
  const value = encode("x");
  for (let i = 0; i < 100_000; i++) await sealer.seal(NAME, i, value);
  assert.equal(nonces.size, 100_000);
  assert.equal(dataKeys.size, 100_000);
});

Deno.test("EnvelopeSealer opens the old ciphertext after its data key was wrapped anew", async () => {
  const masters = new Map([["old", ascending(1, 32)], ["new", ascending(2, 32)]]);
  const old = new LocalKeys({ keyId: "old", keys: masters }), current = new LocalKeys({ keyId: "new", keys: masters });
  const sealed = await sealerOf(old).seal(NAME, 1, encode("s3cr3t"));
  const { keyId, wrapped } = await current.rewrap(
    { keyId: sealed.keyId, wrapped: sealed.wrappedKey },
    { secret: NAME, version: 1 },
  );
  assert.equal(keyId, "new");
  assert.notEqual(wrapped.toHex(), sealed.wrappedKey.toHex());
  assert.equal(decode(await sealerOf(current).open(NAME, 1, { ...sealed, keyId, wrappedKey: wrapped })), "s3cr3t");
});

/** Remembers the data keys that it hands out. */
function watched(keys: KeyEncryption): { keys: KeyEncryption; handedOut: Uint8Array[] } {
  const handedOut: Uint8Array[] = [];
  const remember = (key: Uint8Array) => (handedOut.push(key), key);
  return {
    handedOut,
    keys: {
      keyId: keys.keyId,
      generate: async (context) => {
        const made = await keys.generate(context);
        return remember(made.dataKey), made;
      },
      unwrap: async (wrapped, context) => remember(await keys.unwrap(wrapped, context)),
      rewrap: (wrapped, context) => keys.rewrap(wrapped, context),
      lastRotation: () => keys.lastRotation(),
      close: () => keys.close(),
    },
  };
}

Deno.test("EnvelopeSealer wipes every data key, after failures too", async () => {
  const { keys, handedOut } = watched(localKeys());
  const sealer = sealerOf(keys), sealed = await sealer.seal(NAME, 1, encode("s3cr3t"));
  await sealer.open(NAME, 1, sealed);
  await assert.rejects(sealer.open(NAME, 1, { ...sealed, ciphertext: flipped(sealed.ciphertext, 0) }));
  const short = new EnvelopeSealer({ keys, random: () => new Uint8Array(3) });
  await assert.rejects(short.seal(NAME, 1, encode("s3cr3t")), { message: "the random source gave too few bytes" });
  assert.equal(handedOut.length, 4);
  for (const key of handedOut) assert.deepEqual(key, new Uint8Array(32));
});

Deno.test("EnvelopeSealer passes on that the key service is away", async () => {
  const away = new VaultError("UNAVAILABLE", "away"), { keys } = watched(localKeys());
  const sealed = await sealerOf(keys).seal(NAME, 1, encode("s3cr3t"));
  const sealer = sealerOf({ ...keys, generate: () => Promise.reject(away), unwrap: () => Promise.reject(away) });
  await assert.rejects(sealer.open(NAME, 1, sealed), away);
  await assert.rejects(sealer.seal(NAME, 2, encode("s3cr3t")), away);
});
