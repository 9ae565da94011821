import assert from "node:assert/strict";
import { findProgram } from "../build.ts";
import { agreeingPaths, Objects, outcomeOf, WorkFolder } from "./programs.ts";

const CASES = [
  { name: "takes no branch and no address from key or plaintext", leaky: 0, leaks: false },
  { name: "with a branch on a plaintext is reported", leaky: 1, leaks: true },
  { name: "with an address made from a plaintext is reported", leaky: 2, leaks: true },
];

Deno.test({
  name: "decrypt_group()",
  ignore: findProgram("clang") === undefined,
  async fn(test) {
    using work = new WorkFolder();
    const program = work.at("constant_time");
    // -O3 as in the release: it is there that a compiler might turn masks into branches.
    const flags = ["-O3", "-g", "-fsanitize=memory", "-fno-sanitize-recover=all"];
    const objects = new Objects(work.path, { compiler: "clang", flags, shared: ["support"] });
    for (const path of agreeingPaths(objects, work.path)) {
      for (const { name, leaky, leaks } of CASES) {
        await test.step(`on ${path} ${name}`, () => {
          objects.link(program, "constant_time", { path, flags: [`-DLEAKY=${leaky}`] });
          const { success, stdout, stderr } = outcomeOf(program, []);
          assert.equal(success, !leaks, stderr);
          assert.equal(stdout.includes("no leak"), !leaks);
          assert.equal(stderr.includes("use-of-uninitialized-value"), leaks);
        });
      }
    }
  },
});
