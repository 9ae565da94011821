import assert from "node:assert/strict";
import { isSafePath, type Manifest, readManifest, writeManifest } from "./manifest.ts";

const FILE = { path: "configs/runevault.conf", mode: 0o600, size: 12, sha256: "0".repeat(64) };
const MANIFEST: Manifest = {
  runevault: "v1.2.3",
  created: "2026-11-22T12:00:00.000Z",
  installDir: "/opt/rune-vault",
  files: [FILE, { path: "certs/ca.pem", mode: 0o644, size: 0, sha256: "a".repeat(64) }],
};

Deno.test("readManifest() reads what writeManifest() writes", () => {
  assert.deepEqual(readManifest(writeManifest(MANIFEST)), MANIFEST);
});

const CANARY = "canary-7f3a";
/** The manifest as JSON with some members replaced. */
function changed(members: object, file: object = {}): Uint8Array {
  const json = JSON.parse(new TextDecoder().decode(writeManifest(MANIFEST)));
  Object.assign(json.files[1], file);
  return new TextEncoder().encode(JSON.stringify({ ...json, ...members }));
}

for (
  const { name, bytes, want } of [
    { name: "no JSON", bytes: new TextEncoder().encode(`{"${CANARY}`), want: /not JSON/ },
    { name: "deep JSON", bytes: new TextEncoder().encode("[".repeat(1 << 20)), want: /not JSON/ },
    { name: "a list", bytes: new TextEncoder().encode("[1]"), want: /no JSON object/ },
    { name: "a later format", bytes: changed({ format: 2 }), want: /format is not 1/ },
    { name: "no files", bytes: changed({ files: [] }), want: /lists no files/ },
    { name: "too many files", bytes: changed({ files: Array(1001).fill(FILE) }), want: /more than 1000/ },
    { name: "a file twice", bytes: changed({}, { path: FILE.path }), want: /twice/ },
    { name: "a path upwards", bytes: changed({}, { path: `../${CANARY}` }), want: /file 2 .* leads elsewhere/ },
    { name: "an absolute path", bytes: changed({}, { path: `/${CANARY}` }), want: /leads elsewhere/ },
    { name: "a mode that all may write", bytes: changed({}, { mode: "0666" }), want: /mode is not 0600/ },
    { name: "a mode from a prototype", bytes: changed({}, { mode: "constructor" }), want: /mode is not 0600/ },
    { name: "a setuid mode", bytes: changed({}, { mode: "4755" }), want: /mode is not 0600/ },
    { name: "a negative size", bytes: changed({}, { size: -1 }), want: /size is not within/ },
    { name: "a huge size", bytes: changed({}, { size: 1e15 }), want: /size is not within/ },
    { name: "a hash in capitals", bytes: changed({}, { sha256: "A".repeat(64) }), want: /no SHA-256/ },
    { name: "an install directory that is relative", bytes: changed({ install_dir: "x" }), want: /not absolute/ },
    { name: "a date of two lines", bytes: changed({ created: `${CANARY}\n` }), want: /no line of text/ },
  ]
) {
  Deno.test(`readManifest() refuses ${name} and quotes nothing`, () => {
    assert.throws(() => readManifest(bytes), (reason: Error) => {
      assert.equal(reason.name, "PayloadError");
      assert.match(reason.message, want);
      assert.ok(!reason.message.includes(CANARY));
      return true;
    });
  });
}

for (
  const [path, want] of [
    ["configs/runevault.conf", true],
    ["a", true],
    ["..a/b..", true],
    ["", false],
    ["/etc/passwd", false],
    ["a//b", false],
    ["a/", false],
    ["a/../b", false],
    ["..", false],
    ["./a", false],
    ["a\0b", false],
    ["a\nb", false],
    ["x".repeat(256), false],
  ] as const
) {
  Deno.test(`isSafePath() of ${JSON.stringify(path.slice(0, 30))} is ${want}`, () =>
    assert.equal(isSafePath(path), want));
}
