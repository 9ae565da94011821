import assert from "node:assert/strict";
import { join } from "node:path";
import { buildLibrary, findProgram, INCLUDES, parseArguments, run, sources, WARNINGS } from "../build.ts";
import { casesOf } from "./golden_cases.ts";
import { libraryTestSources, outcomeOf, TESTS, VECTORS, WorkFolder, writeSecretKey } from "./programs.ts";

/** The names that the two public headers declare. */
function declaredNames(): string[] {
  const headers = ["envector.h", "runevault.h"].map((name) =>
    Deno.readTextFileSync(join(TESTS, "..", "include", name))
  );
  return [...headers.join("\n").matchAll(/EVI_API [^(]*?\b((?:evi|rv)_\w+)\(/g)].map((match) => match[1]).sort();
}

Deno.test({
  name: "buildLibrary() exports exactly what the headers declare",
  ignore: findProgram("nm") === undefined || Deno.build.os !== "linux",
  fn() {
    const { stdout } = outcomeOf("nm", ["-D", "--defined-only", "--format=posix", buildLibrary()]);
    const exported = stdout.trim().split("\n").map((line) => line.split(" ")[0]).sort();
    assert.equal(exported.length, 22);
    assert.deepEqual(exported, declaredNames());
  },
});

Deno.test("buildLibrary() leaves a current library alone", () => {
  using work = new WorkFolder();
  const library = buildLibrary({ directory: work.path });
  const before = Deno.statSync(library);
  assert.equal(buildLibrary({ directory: work.path }), library);
  assert.equal(Deno.statSync(library).ino, before.ino);
  assert.deepEqual([...Deno.readDirSync(work.path)].map(({ name }) => name), ["libenvector.so"]);
});

Deno.test("build.ts names the package to install where there is no compiler", () => {
  using work = new WorkFolder();
  const script = `import { buildLibrary } from ${JSON.stringify(import.meta.resolve("../build.ts"))};
    try { buildLibrary({ directory: ${
    JSON.stringify(work.at("build"))
  } }); } catch (error) { console.log(error.message); }`;
  Deno.writeTextFileSync(work.at("try.ts"), script);
  const { stdout } = outcomeOf(Deno.execPath(), ["run", "-A", "--no-check", work.at("try.ts")], {
    env: { PATH: work.path, HOME: Deno.env.get("HOME") ?? work.path },
    clearEnv: true,
  });
  assert.equal(
    stdout.trim(),
    "no C compiler found (tried cc, gcc, clang). Install one: sudo apt-get install gcc libc6-dev",
  );
});

Deno.test("parseArguments() takes known options and refuses others", () => {
  assert.deepEqual(parseArguments([]), {});
  assert.deepEqual(parseArguments(["--sanitize"]), { sanitize: true });
  assert.deepEqual(parseArguments(["--target", "aarch64-linux-gnu"]), { target: "aarch64-linux-gnu" });
  for (const args of [["--target"], ["--target", "mips"], ["x"]]) assert.throws(() => parseArguments(args), /usage/);
});

const CROSS = "aarch64-linux-gnu-gcc", EMULATOR = "qemu-aarch64-static";

Deno.test({
  name: "libenvector on aarch64 decrypts as on this machine",
  ignore: findProgram(CROSS) === undefined || findProgram(EMULATOR) === undefined,
  fn() {
    using work = new WorkFolder();
    const program = work.at("library_test"), cases = work.at("cases"), key = work.at("SecKey.bin");
    run(CROSS, [
      ...WARNINGS,
      ...INCLUDES,
      "-O3",
      "-static",
      "-pthread",
      ...libraryTestSources(),
      ...sources(),
      "-lm",
      "-o",
      program,
    ]);
    writeSecretKey(key);
    Deno.writeFileSync(cases, casesOf("three-shards"));
    for (
      const args of [
        ["golden", key, join(VECTORS, "three-shards.b64"), cases],
        ["keys", "128", work.makeFolder("keys")],
      ]
    ) {
      const { success, stderr } = outcomeOf(EMULATOR, [program, ...args]);
      assert.ok(success, stderr);
    }
    buildLibrary({ target: "aarch64-linux-gnu", directory: work.at("shared") });
  },
});
