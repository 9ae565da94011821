import assert from "node:assert/strict";
import * as fc from "fast-check";
import { generateIdentity, identityToRecipient } from "age-encryption";
import { type AgeKey, type AgeLock, decryptAge, encryptAge, MAX_AGE_HEADER } from "./age_file.ts";
import { TAR_END, tarHeader, tarPadding } from "./tar_format.ts";
import { readTar } from "./tar_reader.ts";

const text = (value: string) => new TextEncoder().encode(value);

/** In chunks of that many bytes. */
function streamOf(bytes: Uint8Array, size = 1000): ReadableStream<Uint8Array> {
  const chunks = Array.from(
    { length: Math.ceil(bytes.length / size) },
    (_, i) => bytes.slice(i * size, (i + 1) * size),
  );
  return ReadableStream.from(chunks);
}

async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part.slice());
  return new Uint8Array(await new Blob(parts as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}

async function tarOf(files: readonly (readonly [string, Uint8Array])[], end = TAR_END): Promise<Uint8Array> {
  const parts = files.flatMap(([path, content]) => [
    tarHeader({ path, mode: 0o600, size: content.length }),
    content as Uint8Array<ArrayBuffer>,
    tarPadding(content.length),
  ]);
  return new Uint8Array(await new Blob([...parts, end]).arrayBuffer());
}

async function filesOf(tar: Uint8Array, chunk?: number): Promise<[string, Uint8Array][]> {
  const files: [string, Uint8Array][] = [];
  for await (const { path, content } of readTar(streamOf(tar, chunk))) files.push([path, await bytesOf(content)]);
  return files;
}

Deno.test("readTar() gives back what tarHeader() and its content say, however the stream is cut", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.stringMatching(/^[a-z/]{1,100}$/), fc.uint8Array({ maxLength: 2000 })), { maxLength: 5 }),
      fc.integer({ min: 1, max: 3000 }),
      async (files, chunk) => assert.deepEqual(await filesOf(await tarOf(files), chunk), files),
    ),
    { numRuns: 50 },
  );
});

const ONE = [["a", text("hello")]] as const;
for (
  const { name, damage, want } of [
    { name: "a flipped bit in a header", damage: (tar) => tar.with(3, 1), want: /not a tar archive/ },
    { name: "an archive that is cut off", damage: (tar) => tar.slice(0, 514), want: /cut off/ },
    { name: "an archive without its end", damage: (tar) => tar.slice(0, 1024), want: /cut off/ },
    { name: "something behind the end", damage: (tar) => tar.with(tar.length - 1, 1), want: /goes on after its end/ },
    { name: "no archive", damage: () => text("x".repeat(600)), want: /not a tar archive/ },
    { name: "a symbolic link", damage: (tar) => retyped(tar, "2"), want: /something else than files/ },
    { name: "a directory", damage: (tar) => retyped(tar, "5"), want: /something else than files/ },
  ] satisfies { name: string; damage: (tar: Uint8Array) => Uint8Array; want: RegExp }[]
) {
  Deno.test(`readTar() refuses ${name}`, async () => {
    const tar = damage(await tarOf(ONE));
    await assert.rejects(filesOf(tar), want);
  });
}

/** With a type and a checksum that fits. */
function retyped(tar: Uint8Array, type: string): Uint8Array {
  const changed = tar.with(156, type.charCodeAt(0));
  const sum = changed.slice(0, 512).reduce((sum, byte, i) => sum + (i >= 148 && i < 156 ? 32 : byte), 0);
  changed.set(text(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  return changed;
}

Deno.test("readTar() skips what was not taken of a file", async () => {
  const names: string[] = [];
  const tar = await tarOf([["a", new Uint8Array(3000)], ["b", text("x")]]);
  for await (const { path } of readTar(streamOf(tar))) names.push(path);
  assert.deepEqual(names, ["a", "b"]);
});

const seal = async (plain: Uint8Array, lock: AgeLock) => await bytesOf(await encryptAge(streamOf(plain), lock));
const open = async (sealed: Uint8Array, key: AgeKey) =>
  await bytesOf(await decryptAge(streamOf(sealed), sealed.subarray(0, MAX_AGE_HEADER), key));

Deno.test("age files open for each recipient and for nobody else, and not when anything in them is changed", async () => {
  const identities = [await generateIdentity(), await generateIdentity(), await generateIdentity()];
  const recipients = await Promise.all(identities.slice(0, 2).map(identityToRecipient));
  const plain = crypto.getRandomValues(new Uint8Array(65_536)), sealed = await seal(plain, { recipients });
  for (const identity of identities.slice(0, 2)) {
    assert.deepEqual(await open(sealed, { identities: [identities[2], identity] }), plain);
  }
  const key = { identities: [identities[0]] };
  await assert.rejects(open(sealed, { identities: [identities[2]] }), /not encrypted for this identity/);
  await assert.rejects(open(sealed, { passphrase: "x" }), /encrypted for an identity/);
  for (let i = 0; i < 60; i++) {
    const at = i < 30 ? i * 11 : Math.floor(Math.random() * sealed.length);
    await assert.rejects(open(sealed.with(at, sealed[at] ^ 1), key), { name: "PayloadError" }, `byte ${at}`);
  }
  for (const length of [0, 10, 200, sealed.length - 65_000, sealed.length - 1]) {
    await assert.rejects(open(sealed.slice(0, length), key), { name: "PayloadError" }, `cut to ${length}`);
  }
});

Deno.test("age files with a passphrase open with it alone, and only at a sane work factor", async () => {
  const plain = text("hello"), sealed = await seal(plain, { passphrase: "correct horse" });
  assert.deepEqual(await open(sealed, { passphrase: "correct horse" }), plain);
  await assert.rejects(open(sealed, { passphrase: "wrong" }), /passphrase is not the right one/);
  await assert.rejects(open(sealed, { identities: [await generateIdentity()] }), /encrypted with a passphrase/);
  const header = new TextDecoder("latin1").decode(sealed);
  for (const factor of ["19", "20", "30", "1e9", "x"]) {
    const hostile = Uint8Array.from(header.replace(/(-> scrypt \S+) 18\n/, `$1 ${factor}\n`), (c) => c.charCodeAt(0));
    await assert.rejects(open(hostile, { passphrase: "correct horse" }), /work factor above 18/);
  }
  const endless = text(`age-encryption.org/v1\n${"-> X25519 AAAA\nAAAA\n".repeat(10_000)}`);
  await assert.rejects(open(endless, { identities: [await generateIdentity()] }), /header of more than 64 KiB/);
});

Deno.test("what is no recipient is refused and not quoted", async () => {
  const identity = await generateIdentity();
  for (const recipient of [identity, "age1nonsense", "", "ssh-ed25519 AAAA"]) {
    await assert.rejects(seal(text("x"), { recipients: [recipient] }), (reason: Error) => {
      assert.equal(reason.message, "recipient is not one of age (age1...)");
      return true;
    });
  }
});
