import assert from "node:assert/strict";
import { EnvectorLibrary } from "#adapters/native/mod.ts";
import { KeyFiles } from "#adapters/storage/keys/mod.ts";
import { KeyBundle, ScoreDecryptor } from "#domain/fhe/mod.ts";
import { messageOf } from "#errors/mod.ts";
import type { Score } from "#ports/fhe_library.ts";
import { systemClock } from "#ports/clock.ts";
import { ciphertextScore, ScoreEncryptor } from "../support/blobs.ts";
import { GOLDEN, GOLDEN_NAMES, goldenBlob, goldenExpected, LIBRARY, ROOT, withinOneUlp } from "../support/paths.ts";
import { run } from "../support/test_vault.ts";

const PARSE_ERROR = "Deserialization failed: Error parsing message with type 'ES2.CiphertextScore'";
const ascii = (text: string) => new TextEncoder().encode(text);

/** Decryptors with the golden key: with our extension, and through the vendor's interface alone. */
async function withBoth(
  test: (both: { extension: ScoreDecryptor; interfaceOnly: ScoreDecryptor }) => Promise<void>,
): Promise<void> {
  const keysPath = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${keysPath}/vault-key`);
    for (const name of ["SecKey", "EncKey"]) {
      await Deno.copyFile(`${GOLDEN}vault-key/${name}.json`, `${keysPath}/vault-key/${name}.json`);
    }
    const open = (extension: boolean) =>
      bundleAt(keysPath, new EnvectorLibrary(LIBRARY, { extension })).openSecretKey(1024);
    const keys = [await open(true), await open(false)];
    assert.deepEqual([...Deno.readDirSync(`${keysPath}/vault-key`)].map(({ name }) => name).sort(), [
      "EncKey.json",
      "SecKey.json",
    ]);
    const [extension, interfaceOnly] = keys.map((key) => new ScoreDecryptor(key));
    await test({ extension, interfaceOnly });
    for (const key of keys) await key.close();
    await assert.rejects(extension.topScores(ascii("AAAA"), 1), { message: "FHE key not loaded" });
  } finally {
    await Deno.remove(keysPath, { recursive: true });
  }
}

function bundleAt(keysPath: string, library = new EnvectorLibrary(LIBRARY)): KeyBundle {
  return new KeyBundle({ store: new KeyFiles(keysPath), library, clock: systemClock });
}

async function outcome(decryptor: ScoreDecryptor, blob: Uint8Array, topK = 50): Promise<Score[] | string> {
  try {
    return await decryptor.topScores(blob, topK);
  } catch (reason) {
    return messageOf(reason);
  }
}

Deno.test("both ways give the golden scores to one ulp, in order", () =>
  withBoth(async (both) => {
    for (const name of GOLDEN_NAMES) {
      for (const decryptor of Object.values(both)) {
        const { top50 } = goldenExpected(name);
        const scores = await decryptor.topScores(goldenBlob(name), 50);
        assert.equal(scores.length, top50.length);
        scores.forEach(({ shardIdx, rowIdx, score }, i) => {
          assert.deepEqual([shardIdx, rowIdx], top50[i].slice(0, 2), `${name} at ${i}`);
          assert.ok(withinOneUlp(score, top50[i][2]), `${name} at ${i}: ${score} for ${top50[i][2]}`);
        });
      }
    }
  }));

Deno.test("both ways give every golden score when all are asked for", () =>
  withBoth(async (both) => {
    const { scores: rows, shard_idx } = goldenExpected("three-shards");
    for (const decryptor of Object.values(both)) {
      const scores = await decryptor.topScores(goldenBlob("three-shards"), 20_000);
      assert.equal(scores.length, rows.flat().length);
      for (const { shardIdx, rowIdx, score } of scores) {
        assert.ok(withinOneUlp(score, rows[shard_idx.indexOf(shardIdx)][rowIdx]));
      }
    }
  }));

/** A good search result with a number written into its header. */
function headerWith(offset: number, bytes: 1 | 4 | 8, value: bigint): Uint8Array {
  const result = ScoreEncryptor.golden().searchResult([0.5]);
  const view = new DataView(result.buffer);
  if (bytes === 1) view.setUint8(offset, Number(value));
  else if (bytes === 4) view.setUint32(offset, Number(value), true);
  else view.setBigUint64(offset, value, true);
  return result;
}

const encoded = (message: Uint8Array) => ascii(message.toBase64());
const blobOf = (...results: Uint8Array[]) => encoded(ciphertextScore(results));
const Q = 2251799813554177n;

for (
  const { name, blob, want } of [
    { name: "base64 with bad padding", blob: ascii("not-valid-base64!!!"), want: /^Incorrect padding$/ },
    { name: "a text that is not ASCII", blob: ascii("AAAAé"), want: /^string argument should contain only ASCII/ },
    { name: "an empty message", blob: ascii("===="), want: [] },
    { name: "a message without results", blob: encoded(ciphertextScore([])), want: [] },
    {
      name: "a truncated message",
      blob: encoded(ciphertextScore([headerWith(0, 1, 0n)]).subarray(0, -1)),
      want: PARSE_ERROR,
    },
    { name: "field number 0", blob: encoded(Uint8Array.of(0)), want: PARSE_ERROR },
    {
      name: "a varint of 11 bytes",
      blob: encoded(Uint8Array.from([0x10, ...Array(11).fill(0xff)])),
      want: PARSE_ERROR,
    },
    {
      name: "a length beyond the message",
      blob: encoded(Uint8Array.of(0x1a, 0xff, 0xff, 0xff, 0xff, 0x0f)),
      want: PARSE_ERROR,
    },
    {
      name: "fewer shards than results",
      blob: encoded(ciphertextScore([headerWith(0, 1, 0n), headerWith(0, 1, 0n)], [1])),
      want: "envector/crypto: ctxt_score has 2 entries but shard_idx has 1",
    },
    {
      name: "empty data",
      blob: blobOf(headerWith(0, 1, 0n), new Uint8Array()),
      want: "envector/crypto: ctxt_score[1] empty",
    },
    { name: "another tag", blob: blobOf(headerWith(0, 1, 1n)), want: /^envector\/crypto: ctxt_score\[0\]: .*tag/ },
    { name: "another level", blob: blobOf(headerWith(5, 4, 1n)), want: /ctxt_score\[0\]: .*level/ },
    { name: "n = 0", blob: blobOf(headerWith(9, 8, 0n)), want: /ctxt_score\[0\]: / },
    { name: "n = 4097 with one group", blob: blobOf(headerWith(9, 8, 4097n)), want: /ctxt_score\[0\]: / },
    { name: "n = 2^64 - 1", blob: blobOf(headerWith(9, 8, 2n ** 64n - 1n)), want: /ctxt_score\[0\]: / },
    { name: "n = 2^63", blob: blobOf(headerWith(9, 8, 2n ** 63n)), want: /ctxt_score\[0\]: / },
    { name: "another degree", blob: blobOf(headerWith(25, 8, 8192n)), want: /ctxt_score\[0\]: .*degree/ },
    { name: "a coefficient of Q", blob: blobOf(headerWith(33, 8, Q)), want: /ctxt_score\[0\]: .*coefficient/ },
    {
      name: "a last coefficient above Q",
      blob: blobOf(headerWith(33 + 65528, 8, 2n ** 64n - 1n)),
      want: /coefficient/,
    },
    { name: "a coefficient of Q - 1", blob: blobOf(headerWith(33, 8, Q - 1n)), want: undefined },
    ...[0, 1, 5, 9, 17, 25, 33, 32801, 65568].map((length) => ({
      name: `data cut to ${length} bytes`,
      blob: blobOf(headerWith(0, 1, 0n).subarray(0, length)),
      want: length === 0 ? /empty$/ : /ctxt_score\[0\]: /,
    })),
  ]
) {
  Deno.test(`both ways answer ${name} alike`, () =>
    withBoth(async ({ extension, interfaceOnly }) => {
      const got = await outcome(extension, blob);
      assert.deepEqual(await outcome(interfaceOnly, blob), got);
      if (want instanceof RegExp) assert.match(String(got), want);
      else if (want !== undefined) assert.deepEqual(got, want);
    }));
}

Deno.test("both ways answer 2,000 mutated messages alike", () =>
  withBoth(async ({ extension, interfaceOnly }) => {
    const original = ciphertextScore([ScoreEncryptor.golden().searchResult([0.25, 0.5])], [3]);
    const random = xorshift(0x2545f491);
    for (let i = 0; i < 2000; i++) {
      const mutant = original.slice(0, random() % 8 === 0 ? random() % original.length : original.length);
      for (let changes = random() % 4; changes >= 0; changes--) mutant[random() % 80] = random();
      const blob = encoded(mutant);
      assert.deepEqual(
        await outcome(interfaceOnly, blob, 3),
        await outcome(extension, blob, 3),
        blob.slice(0, 120).toString(),
      );
    }
  }));

Deno.test("a blob under another key decrypts to garbage without harm", () =>
  withBoth(async ({ extension }) => {
    const other = await Deno.makeTempDir();
    try {
      new EnvectorLibrary(LIBRARY).generateKeys(other, 1024);
      const blob = new ScoreEncryptor(await Deno.readFile(`${other}/EncKey.bin`)).blob([[0.5, 0.25]]);
      const scores = await extension.topScores(ascii(blob), 5);
      assert.equal(scores.length, 2);
    } finally {
      await Deno.remove(other, { recursive: true });
    }
  }));

for (const dim of [32, 128, 1024, 2048, 4096]) {
  Deno.test(`generated keys for dimension ${dim} are consistent and private, and decrypt`, async () => {
    const keysPath = await Deno.makeTempDir();
    try {
      const bundle = bundleAt(keysPath), progress: string[] = [];
      await bundle.ensure(dim, (line) => progress.push(line));
      assert.match(progress.join("\n"), /generating FHE keys for dimension \d+ in .*\n.*generated in/);
      const check = await run("python3", [`${ROOT}tests/tools/fhe_reference.py`, "check", `${keysPath}/vault-key`]);
      assert.match(check.stdout, /keys are consistent/, check.stderr);
      const names = [...Deno.readDirSync(`${keysPath}/vault-key`)].map(({ name }) => name).sort();
      assert.deepEqual(names, ["EncKey.json", "EvalKey.json", "SecKey.json"]);
      for (const name of names) assert.equal(Deno.statSync(`${keysPath}/vault-key/${name}`).mode! & 0o777, 0o600);
      assert.equal(Deno.statSync(`${keysPath}/vault-key`).mode! & 0o777, 0o700);
      await bundle.ensure(dim, () => assert.fail("a complete bundle is left alone"));
      const key = await bundle.openSecretKey(dim);
      await key.close();
      await key.close();
    } finally {
      await Deno.remove(keysPath, { recursive: true });
    }
  });
}

Deno.test("KeyBundle.ensure() refuses a partial bundle and changes nothing", async () => {
  const keysPath = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${keysPath}/vault-key`);
    await Deno.copyFile(`${GOLDEN}vault-key/SecKey.json`, `${keysPath}/vault-key/SecKey.json`);
    await assert.rejects(bundleAt(keysPath).ensure(1024, () => {}), {
      message: `crypto: generate keys: envector/crypto: key path "${keysPath}/vault-key" is not empty ` +
        "(EncKey, EvalKey missing: restore from backup, or move the directory away to start with new keys)",
    });
    assert.deepEqual([...Deno.readDirSync(`${keysPath}/vault-key`)].map(({ name }) => name), ["SecKey.json"]);
  } finally {
    await Deno.remove(keysPath, { recursive: true });
  }
});

Deno.test("KeyBundle.openSecretKey() opens the legacy SecKey.bin, and leaves nothing of a killed process behind", async () => {
  const keysPath = await Deno.makeTempDir();
  try {
    const folder = `${keysPath}/vault-key`;
    await Deno.mkdir(folder);
    new EnvectorLibrary(LIBRARY).generateKeys(folder, 32);
    await Deno.writeTextFile(`${folder}/.SecKey-left-behind.bin`, "secret");
    await Deno.mkdir(`${keysPath}/.vault-key-left-behind.draft`);
    const bundle = bundleAt(keysPath);
    await bundle.ensure(32, () => assert.fail("a bundle of .bin files is complete"));
    await (await bundle.openSecretKey(32)).close();
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), [
      "EncKey.bin",
      "EvalKey.bin",
      "SecKey.bin",
    ]);
    assert.deepEqual([...Deno.readDirSync(keysPath)].map(({ name }) => name), ["vault-key"]);
  } finally {
    await Deno.remove(keysPath, { recursive: true });
  }
});

Deno.test("EnvectorLibrary without its file says which and what to do", () => {
  assert.throws(() => new EnvectorLibrary("/nowhere/libenvector.so"), {
    message: /cannot open the envector library \/nowhere\/libenvector\.so: .*deno task build/,
  });
});

function xorshift(state: number): () => number {
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
