import assert from "node:assert/strict";
import { join } from "node:path";
import { findProgram } from "../build.ts";
import { compileSanitized, TESTS, testSources, WorkFolder } from "./programs.ts";

const REFERENCE = join(TESTS, "base64_reference.py");
const TEXT_COUNT = 30_000;

/** Runs a program on the file as its standard input. */
async function filter(program: string, args: string[], input: string): Promise<string> {
  const child = new Deno.Command(program, { args, stdin: "piped", stdout: "piped" }).spawn();
  const written = Deno.openSync(input).readable.pipeTo(child.stdin);
  const [{ success, stdout }] = await Promise.all([child.output(), written]);
  assert.ok(success);
  return new TextDecoder().decode(stdout);
}

Deno.test({
  name: "base64_decode() reads random junk as Python's b64decode does",
  ignore: findProgram("python3") === undefined,
  async fn() {
    using work = new WorkFolder();
    const program = work.at("base64_filter"), texts = work.at("texts");
    compileSanitized(program, testSources("base64_filter", "support"));
    const made = new Deno.Command("python3", { args: [REFERENCE, "make", `${TEXT_COUNT}`, `${Deno.pid}`] });
    Deno.writeFileSync(texts, made.outputSync().stdout);
    const ours = (await filter(program, [], texts)).split("\n");
    const theirs = (await filter("python3", [REFERENCE, "decode"], texts)).split("\n");
    assert.equal(ours.length, TEXT_COUNT + 1);
    const different = ours.findIndex((line, i) => line !== theirs[i]);
    assert.equal(different, -1, `text ${different} of seed ${Deno.pid}`);
    assert.ok(new Set(ours.filter((line) => line.includes(" "))).size >= 3, "too tame: some error never occurred");
  },
});
