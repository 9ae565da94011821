import assert from "node:assert/strict";
import { findProgram } from "../build.ts";
import { compileWithClang, outcomeOf, WorkFolder } from "./programs.ts";

for (
  const { name, leaky, leaks } of [
    { name: "decrypt_group() takes no branch and no address from key or plaintext", leaky: 0, leaks: false },
    { name: "the constant-time test reports a branch on a plaintext", leaky: 1, leaks: true },
    { name: "the constant-time test reports an address made from a plaintext", leaky: 2, leaks: true },
  ]
) {
  Deno.test({
    name,
    ignore: findProgram("clang") === undefined,
    fn() {
      using work = new WorkFolder();
      // -O3 as in the release: it is there that a compiler might turn masks into branches.
      const flags = ["-O3", "-g", "-fsanitize=memory", "-fno-sanitize-recover=all", `-DLEAKY=${leaky}`];
      compileWithClang(work.path, { flags, programs: ["constant_time"], shared: [] });
      const { success, stdout, stderr } = outcomeOf(work.at("constant_time"), []);
      assert.equal(success, !leaks, stderr);
      assert.equal(stdout.includes("no leak"), !leaks);
      assert.equal(stderr.includes("use-of-uninitialized-value"), leaks);
    },
  });
}
