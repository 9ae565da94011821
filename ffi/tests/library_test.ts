import assert from "node:assert/strict";
import { join } from "node:path";
import { findProgram } from "../build.ts";
import { casesOf } from "./golden_cases.ts";
import {
  compileSanitized,
  compileWithLibrary,
  libraryTestSources,
  outcomeOf,
  REFERENCE,
  VECTORS,
  WorkFolder,
  writeSecretKey,
} from "./programs.ts";

const GOLDEN = ["one-row", "one-shard-100", "one-shard-4096", "three-shards", "two-shards-no-index", "unit-scores"];

function succeeds(program: string, args: string[]): void {
  const { success, stderr } = outcomeOf(program, args);
  assert.ok(success, stderr);
}

for (
  const { variant, compile } of [
    { variant: "as released", compile: compileWithLibrary },
    { variant: "under the sanitizers", compile: compileSanitized },
  ]
) {
  Deno.test(`libenvector ${variant}`, async (test) => {
    using work = new WorkFolder();
    const program = work.at("library_test"), key = work.at("SecKey.bin");
    compile(program, libraryTestSources());
    writeSecretKey(key);

    for (const name of GOLDEN) {
      await test.step(`decrypts ${name} as the vendor's library does`, () => {
        Deno.writeFileSync(work.at(`${name}.cases`), casesOf(name));
        succeeds(program, ["golden", key, join(VECTORS, `${name}.b64`), work.at(`${name}.cases`)]);
      });
    }

    await test.step("refuses what is malformed, each with its text", () => {
      succeeds(program, ["refusals", key, work.makeFolder("refusals")]);
    });

    await test.step({
      name: "keeps a loaded key out of swap, core dumps and children",
      ignore: Deno.build.os !== "linux",
      fn: () => succeeds(program, ["memory", key]),
    });

    for (const dim of ["32", "128", "1024", "2048", "4096"]) {
      await test.step(`makes keys of dimension ${dim} that encrypt, decrypt and satisfy the reference`, () => {
        const keys = work.makeFolder(`keys-${dim}`);
        succeeds(program, ["keys", dim, keys]);
        if (findProgram("python3") !== undefined) succeeds("python3", [REFERENCE, "check", keys]);
      });
    }
  });
}
