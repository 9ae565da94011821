import assert from "node:assert/strict";
import { join } from "node:path";
import { TempDir } from "#config/testing.ts";
import { toFlags } from "#permissions/mod.ts";
import { findCompiler } from "../../ffi/build.ts";
import { checkBaseBinary } from "../../src/release/base_binary.ts";
import { compile } from "../../src/release/compile.ts";
import { executablePermissions } from "../../src/release/release_permissions.ts";
import { libraryFor, ownTarget, parseTarget, type Target } from "../../src/release/targets.ts";
import { run } from "../support/test_vault.ts";

const VALUES = { version: "v9.8.7", commit: "0123456789ab", date: "2026-11-22" };
const COMPILE = new URL("../../src/release/compile.ts", import.meta.url).pathname;

/** In place of denort, which cannot be fetched everywhere: says what the vault would say. */
const STAND_IN = (commit: string) =>
  `#include <stdio.h>
int main(void) { puts("{\\"commit\\":\\"${commit}\\",\\"built\\":\\"2026-11-22\\"}"); return 0; }`;

async function standIn(dir: TempDir, commit: string): Promise<string> {
  dir.write("denort.c", STAND_IN(commit));
  const { code, stderr } = await run(findCompiler(), [dir.join("denort.c"), "-o", dir.join("denort")]);
  assert.equal(code, 0, stderr);
  return dir.join("denort");
}

Deno.test("deno task compile bakes the permissions of an install, and nothing unscoped, into the executable", async () => {
  using dir = new TempDir();
  const permissions = await executablePermissions("/srv/vault");
  const denort = await standIn(dir, VALUES.commit);
  const options = { target: ownTarget(), permissions, values: VALUES, output: dir.join("dist"), denort };
  const { directory, missingLibrary } = await compile(options);
  assert.equal(missingLibrary, undefined);
  assert.deepEqual([...Deno.readDirSync(directory)].map(({ name }) => name).sort(), [
    "SHA256SUMS",
    "libenvector.so",
    "runevault",
  ]);
  const { code, stdout } = await run("sh", ["-c", `cd '${directory}' && sha256sum -c --strict SHA256SUMS`]);
  assert.equal(code, 0, stdout);
  const text = new TextDecoder("latin1").decode(await Deno.readFile(join(directory, "runevault")));
  const baked = JSON.parse(/"permissions":(\{.*?"prompt":(?:true|false)\})/.exec(text)![1]);
  const { allow_run, allow_sys, deny_import, prompt } = baked;
  assert.deepEqual({ allow_run, allow_sys, deny_import, prompt }, {
    allow_run: null,
    allow_sys: null,
    deny_import: [], // all of it
    prompt: false,
  });
  for (const kind of ["net", "read", "write", "ffi", "env"] as const) {
    assert.deepEqual(baked[`allow_${kind}`], permissions[kind], kind);
  }
  assert.match(text, /var BUILD = \{\s*"version": "v9\.8\.7",\s*"commit": "0123456789ab",\s*"date": "2026-11-22"/);
});

Deno.test("executablePermissions() stay in the install, on its port and its sockets", async () => {
  const flags = toFlags(await executablePermissions("/srv/vault"));
  for (const flag of flags) {
    const [name, values] = flag.split("=");
    if (name === "--allow-env" || name === "--ignore-env") continue;
    for (const value of values.split(",")) {
      assert.match(value, /^(unix:)?\/srv\/vault(\/|$)|^(0\.0\.0\.0|127\.0\.0\.1):50051$/, flag);
    }
  }
  assert.ok(flags.every((flag) => !/^--allow-(run|sys|import|all)/.test(flag)));
});

for (
  const { name, denort, want } of [
    {
      name: "the full Deno, which would make a REPL with every permission",
      denort: () => Promise.resolve(Deno.execPath()),
      want: /^Error: DENORT_BIN is the full Deno: .*DENORT_BIN=\/path\/to\/denort deno task compile/s,
    },
    {
      name: "what is no executable",
      denort: (dir: TempDir) => Promise.resolve(dir.write("denort", "x".repeat(100))),
      want: /^Error: DENORT_BIN is no executable for /,
    },
    {
      name: "what does not say that it is this build",
      denort: (dir: TempDir) => standIn(dir, "ffffffffffff"),
      want: /^Error: what was built is not this build of runevault/,
    },
  ]
) {
  Deno.test(`deno task compile refuses as DENORT_BIN ${name}`, async () => {
    using dir = new TempDir();
    const { code, stderr } = await runCompile(dir, { DENORT_BIN: await denort(dir) });
    assert.equal(code, 1);
    assert.match(stderr, want);
    assert.deepEqual([...Deno.readDirSync(dir.join("dist"))], []);
  });
}

Deno.test("deno task compile says how to get the base binary where it cannot be fetched", async () => {
  using dir = new TempDir();
  // A proxy that is not there, and a target that no test compiles for, so that none is in Deno's cache.
  const { code, stderr } = await runCompile(dir, { HTTPS_PROXY: "http://127.0.0.1:9" }, "aarch64-apple-darwin");
  assert.equal(code, 1);
  assert.match(stderr, /^Error: Deno's base binary, denort, is not here and could not be fetched\. On a machine with/);
  assert.match(stderr, /denort-aarch64-apple-darwin\.zip\n/);
  assert.match(stderr, /DENORT_BIN=\/path\/to\/denort deno task compile --target aarch64-apple-darwin\n/);
});

Deno.test({
  name: "libraryFor() says that a Mac's library is built on a Mac",
  ignore: Deno.build.os === "darwin",
  fn() {
    assert.throws(() => libraryFor("aarch64-apple-darwin"), {
      message: /^libenvector\.so for aarch64-apple-darwin cannot be built on linux: .* a Mac \(arm64\)/,
    });
  },
});

Deno.test("parseTarget() takes the four targets and names them for any other", () => {
  const targets: Target[] = [
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
  ];
  for (const target of targets) assert.equal(parseTarget(target), target);
  for (const name of ["", "x86_64-pc-windows-msvc", "toString"]) {
    assert.throws(() => parseTarget(name), { message: `unknown target ${name}; known: ${targets.join(", ")}` });
  }
});

for (
  const [target, header] of [
    ["x86_64-unknown-linux-gnu", { at: 0, bytes: [0x7f, 0x45, 0x4c, 0x46], machineAt: 18, machine: [0x3e, 0] }],
    ["aarch64-unknown-linux-gnu", { at: 0, bytes: [0x7f, 0x45, 0x4c, 0x46], machineAt: 18, machine: [0xb7, 0] }],
    ["x86_64-apple-darwin", { at: 0, bytes: [0xcf, 0xfa, 0xed, 0xfe], machineAt: 4, machine: [7, 0, 0, 1] }],
    ["aarch64-apple-darwin", { at: 0, bytes: [0xcf, 0xfa, 0xed, 0xfe], machineAt: 4, machine: [0x0c, 0, 0, 1] }],
  ] as const
) {
  Deno.test(`checkBaseBinary() takes an executable of ${target} for that target alone`, () => {
    const content = new Uint8Array(64);
    content.set(header.bytes);
    content.set(header.machine, header.machineAt);
    for (const other of ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu", "aarch64-apple-darwin"] as const) {
      if (other === target) checkBaseBinary(content, other);
      else assert.throws(() => checkBaseBinary(content, other), /no executable for/);
    }
  });
}

function runCompile(dir: TempDir, env: Record<string, string>, target = ownTarget()) {
  Deno.mkdirSync(dir.join("dist"));
  const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return run("env", [
    ...settings,
    Deno.execPath(),
    "run",
    "-A",
    COMPILE,
    "--target",
    target,
    "--output",
    dir.join("dist"),
  ]);
}
