import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type Output, run, type TestVault } from "../support/test_vault.ts";

const PROJECT = fileURLToPath(import.meta.resolve("../../"));

/** Runs `runevault ARGS` as a process of its own with these Deno permissions and no others. */
export async function runCli(args: readonly string[], permissions: readonly string[] = []): Promise<Output> {
  const output = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", ...permissions, "src/main.ts", ...args],
    cwd: PROJECT,
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder();
  return { code: output.code, stdout: text.decode(output.stdout), stderr: text.decode(output.stderr) };
}

/** Runs `runevault ARGS` as a user does, with the permissions that the launcher gives. */
export function launchCli(...args: string[]): Promise<Output> {
  return run("sh", [`${PROJECT}src/launch/launch.sh`, ...args]);
}

/** The same in another current directory. */
export function launchCliIn(directory: string, ...args: string[]): Promise<Output> {
  const command = `cd "$1" && shift && exec sh "$@"`;
  return run("sh", ["-c", command, "sh", directory, `${PROJECT}src/launch/launch.sh`, ...args]);
}

/** A command line and all that it prints, tokens as `TOKEN` and dates as `YYYY-MM-DD`. */
export interface CliCase {
  readonly args: readonly string[];
  readonly stdout?: string;
  /** Absent: nothing, and exit 0; with warnings alone, `code` is 0 too. */
  readonly stderr?: string;
  /** When there is an error: 1. */
  readonly code?: number;
}

/** Runs the cases one after the other on a real daemon; each builds on what the ones before it did. */
export async function checkCases(t: Deno.TestContext, vault: TestVault, cases: readonly CliCase[]): Promise<void> {
  for (const [i, { args, stdout = "", stderr = "", code = stderr ? 1 : 0 }] of cases.entries()) {
    await t.step(`${i + 1}: runevault ${args.join(" ")}`, async () => {
      const output = await vault.cli(...args);
      assert.deepEqual({ ...output, stdout: steady(output.stdout), stderr: steady(output.stderr) }, {
        code,
        stdout,
        stderr,
      });
    });
  }
}

/** Without what differs from run to run, at the same width. */
function steady(text: string): string {
  return text.replace(/evt_[0-9a-f]{32}/g, "TOKEN").replace(/\b\d{4}-\d\d-\d\d\b/g, "YYYY-MM-DD");
}
