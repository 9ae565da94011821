import assert from "node:assert/strict";
import { LIBRARY } from "../../../tests/support/paths.ts";
import { run } from "../../../tests/support/test_vault.ts";

const PR_GET_DUMPABLE = 3;

/** In a process of its own, since there is no way back. @returns What the kernel says of it. */
async function kernelSays(before: string): Promise<{ dumpable: number; limit: string }> {
  const module = new URL("./core_dumps.ts", import.meta.url).href;
  const script = `
    import { forbidCoreDumps } from ${JSON.stringify(module)};
    ${before}
    const libc = Deno.dlopen(${JSON.stringify(LIBRARY)}, { prctl: { parameters: ["i32"], result: "i32" } });
    const limit = /Max core file size +(\\S+ +\\S+)/.exec(Deno.readTextFileSync("/proc/self/limits"))[1];
    console.log(JSON.stringify({ dumpable: libc.symbols.prctl(${PR_GET_DUMPABLE}), limit }));`;
  const { stdout, stderr } = await run(Deno.execPath(), ["eval", "--quiet", script]);
  assert.equal(stderr, "");
  return JSON.parse(stdout.replace(/ +/g, " "));
}

Deno.test({
  name: "forbidCoreDumps() leaves nothing to dump, for good",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    assert.equal((await kernelSays("")).dumpable, 1);
    const after = await kernelSays(`forbidCoreDumps(${JSON.stringify(LIBRARY)});`);
    assert.deepEqual(after, { dumpable: 0, limit: "0 0" });
  },
});
