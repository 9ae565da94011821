import { fileURLToPath } from "node:url";

const PROJECT = fileURLToPath(import.meta.resolve("../../"));

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `runevault ARGS` as a process of its own with these Deno permissions and no others. */
export async function runCli(args: readonly string[], permissions: readonly string[] = []): Promise<CliResult> {
  const output = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", ...permissions, "src/main.ts", ...args],
    cwd: PROJECT,
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder();
  return { code: output.code, stdout: text.decode(output.stdout), stderr: text.decode(output.stderr) };
}

/** What a command that talks to the daemon needs: the socket and nothing else. */
export function socketPermissions(socket: string): string[] {
  return [`--allow-net=unix:${socket}`, `--allow-read=${socket}`, `--allow-write=${socket}`];
}
