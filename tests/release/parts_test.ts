import assert from "node:assert/strict";
import { join } from "node:path";
import { TempDir } from "#config/testing.ts";
import { buildDate, buildValues } from "../../src/release/build_values.ts";
import { checksumLines } from "../../src/release/checksums.ts";
import { packageLauncher } from "../../src/release/package_launcher.ts";
import { ROOT } from "../../src/release/paths.ts";
import { ReleaseTree } from "../../src/release/release_tree.ts";
import { tarGz } from "../../src/release/tar.ts";
import { run } from "../support/test_vault.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("tarGz() is unpacked by tar with paths, modes and content, and is the same every time", async () => {
  using dir = new TempDir();
  const long = `${"d".repeat(90)}/${"e".repeat(90)}`;
  const entries = [
    { path: "a/empty", mode: 0o644, content: bytes("") },
    { path: "a/block", mode: 0o755, content: bytes("x".repeat(512)) },
    { path: long, mode: 0o600, content: bytes("ä") },
  ];
  const archive = dir.join("t.tar.gz");
  await Deno.writeFile(archive, tarGz(entries));
  const { code, stderr } = await run("tar", ["-xzpf", archive, "-C", dir.path]);
  assert.deepEqual([code, stderr], [0, ""]);
  for (const { path, mode, content } of entries) {
    assert.deepEqual(Deno.readFileSync(join(dir.path, path)), content);
    assert.equal(Deno.statSync(join(dir.path, path)).mode! & 0o7777, mode);
  }
  const again = new Uint8Array(await new Response(tarGz(entries)).arrayBuffer());
  assert.deepEqual(again, Deno.readFileSync(archive));
});

Deno.test("tarGz() refuses a path that no header can hold", async () => {
  const entries = [{ path: "x".repeat(101), mode: 0o644, content: bytes("") }];
  await assert.rejects(async () => await new Response(tarGz(entries)).arrayBuffer(), /too long for a tar archive/);
});

Deno.test("checksumLines() are sorted by path, as sha256sum --check reads them", () => {
  const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  const files = ["b", "a"].map((path) => ({ path, content: bytes("") }));
  assert.equal(checksumLines(files), `${empty}  a\n${empty}  b\n`);
});

Deno.test("packageLauncher() differs from launch.sh only in where things are and in what Deno may look for", () => {
  const source = Deno.readTextFileSync(`${ROOT}src/launch/launch.sh`), packaged = packageLauncher(source);
  const changed = (text: string, other: string) => text.split("\n").filter((line) => !other.split("\n").includes(line));
  assert.equal(changed(source, packaged).length, 5);
  assert.equal(packaged.split('"$deno" run --no-config --no-lock --no-remote --no-npm ').length, 3);
  assert.doesNotMatch(packaged, /\.ts\b|DENO:-/);
});

Deno.test("packageLauncher() refuses a launcher that it would not change as meant", () => {
  assert.throws(() => packageLauncher("#!/bin/sh\n"), /launch\.sh has no .*package_launcher\.ts/s);
});

Deno.test("buildValues() takes a version like v1.2.3 and refuses others", () => {
  assert.equal(buildValues("v1.2.3").version, "v1.2.3");
  assert.match(buildValues().commit, /^([0-9a-f]{12}(-dirty)?)?$/);
  for (const version of ["1.2.3", "v1", "v1.2.3/../x", ""]) {
    assert.throws(() => buildValues(version), /not like v1\.2\.3/);
  }
});

Deno.test("buildDate() is the day of SOURCE_DATE_EPOCH", () => {
  assert.equal(buildDate("1795305600"), "2026-11-22");
  for (const epoch of [undefined, "", "x"]) assert.match(buildDate(epoch), /^\d{4}-\d\d-\d\d$/);
});

Deno.test("ReleaseTree holds the build's values and library, no tests, and removes itself", () => {
  const values = { version: "v1.2.3", commit: "abc", date: "2026-11-22" };
  const tree = new ReleaseTree({ values, library: "LIBRARY" });
  const { path } = tree;
  try {
    assert.match(Deno.readTextFileSync(`${path}/src/cli/build_info.ts`), /"version":"v1\.2\.3"/);
    assert.throws(() => Deno.statSync(`${path}/src/cli/build_info_test.ts`), Deno.errors.NotFound);
    assert.throws(() => Deno.statSync(`${path}/src/release`), Deno.errors.NotFound);
    assert.match(Deno.readTextFileSync(`${path}/src/config/library_source.ts`), /= LIBRARY;/);
  } finally {
    tree[Symbol.dispose]();
  }
  assert.throws(() => Deno.statSync(path), Deno.errors.NotFound);
});
