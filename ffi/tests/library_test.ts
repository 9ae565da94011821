import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { findProgram, SANITIZE } from "../build.ts";
import { casesOf } from "./golden_cases.ts";
import {
  agreeingPaths,
  compileWithLibrary,
  LIBRARY_TEST_PARTS,
  libraryTestSources,
  Objects,
  outcomeOf,
  REFERENCE,
  VECTORS,
  WorkFolder,
  writeSecretKey,
} from "./programs.ts";

const GOLDEN = ["one-row", "one-shard-100", "one-shard-4096", "three-shards", "two-shards-no-index", "unit-scores"];
const DIMENSIONS = ["32", "128", "1024", "2048", "4096"];

function succeeds(program: string, args: string[]): void {
  const { success, stderr } = outcomeOf(program, args);
  assert.ok(success, stderr);
}

async function goesThroughInterface(test: Deno.TestContext, work: WorkFolder, program: string): Promise<void> {
  const key = work.at("SecKey.bin"), name = basename(program);
  writeSecretKey(key);
  for (const blob of GOLDEN) {
    await test.step(`decrypts ${blob} as the vendor's library does`, () => {
      Deno.writeFileSync(work.at("cases"), casesOf(blob));
      succeeds(program, ["golden", key, join(VECTORS, `${blob}.b64`), work.at("cases")]);
    });
  }

  await test.step("refuses what is malformed, each with its text", () => {
    succeeds(program, ["refusals", key, work.makeFolder(`refusals-${name}`)]);
  });

  await test.step({
    name: "keeps a loaded key out of swap, core dumps and children",
    ignore: Deno.build.os !== "linux",
    fn: () => succeeds(program, ["memory", key]),
  });

  for (const dim of DIMENSIONS) {
    await test.step(`makes keys of dimension ${dim} that encrypt and decrypt`, () => {
      succeeds(program, ["keys", dim, work.makeFolder(`keys-${name}-${dim}`)]);
    });
  }
}

Deno.test("libenvector as released", async (test) => {
  using work = new WorkFolder();
  const program = work.at("released");
  compileWithLibrary(program, libraryTestSources());
  await goesThroughInterface(test, work, program);

  for (const dim of DIMENSIONS) {
    await test.step({
      name: `makes keys of dimension ${dim} that satisfy the reference`,
      ignore: findProgram("python3") === undefined,
      fn: () => succeeds("python3", [REFERENCE, "check", work.at(`keys-released-${dim}`)]),
    });
  }
});

for (
  const { variant, flags } of [
    { variant: "on each vector path", flags: ["-O3"] },
    { variant: "on each vector path under the sanitizers", flags: ["-O1", ...SANITIZE] },
  ]
) {
  Deno.test(`libenvector ${variant}`, async (test) => {
    using work = new WorkFolder();
    const objects = new Objects(work.path, { flags, shared: LIBRARY_TEST_PARTS });
    const paths = agreeingPaths(objects, work.path);
    assert.equal(paths[0], "PATH_PORTABLE");
    for (const path of paths) {
      const program = work.at(path);
      objects.link(program, "library_test", { path });
      await test.step(path, (steps) => goesThroughInterface(steps, work, program));
    }
  });
}
