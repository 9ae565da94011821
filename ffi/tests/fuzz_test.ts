import assert from "node:assert/strict";
import { findProgram, SANITIZE } from "../build.ts";
import { Objects, outcomeOf, WorkFolder } from "./programs.ts";

/** The longest input, in bytes, beside the target: no longer than what its parser can take an interest in. */
const TARGETS = [
  { target: "text", longest: 2048 },
  { target: "search_result", longest: 600 },
  { target: "secret_key", longest: 1100 },
];
const RUNS = 20_000;
// Comparisons are not traced: in the arithmetic there are so many of them that nothing else would get time.
const FLAGS = ["-fsanitize=fuzzer-no-link", "-O3", ...SANITIZE, "-fno-sanitize-coverage=trace-cmp"];

Deno.test({
  name: "fuzzing finds nothing",
  ignore: findProgram("clang") === undefined,
  async fn(test) {
    using work = new WorkFolder();
    const shared = ["fuzz_support", "support"];
    const objects = new Objects(work.path, { compiler: "clang", flags: FLAGS, shared });
    for (const { target } of TARGETS) {
      objects.link(work.at(`fuzz_${target}`), `fuzz_${target}`, { flags: ["-fsanitize=fuzzer"] });
    }
    using seeds = new WorkFolder();
    new Objects(seeds.path, { compiler: "clang", flags: ["-O1"], shared }).link(seeds.at("fuzz_seeds"), "fuzz_seeds");
    const corpus = work.makeFolder("corpus");
    assert.ok(outcomeOf(seeds.at("fuzz_seeds"), [corpus]).success);
    for (const { target, longest } of TARGETS) {
      await test.step(`of fuzz_${target}`, () => {
        const args = [`-runs=${RUNS}`, `-max_len=${longest}`, "-print_final_stats=1", work.at("corpus", target)];
        const { success, stderr } = outcomeOf(work.at(`fuzz_${target}`), args, { cwd: work.path });
        assert.ok(success, stderr);
        assert.match(stderr, new RegExp(`number_of_executed_units: ${RUNS}`));
      });
    }
  },
});
