import { Context } from "./context.ts";
import { failureText } from "./failure_text.ts";
import { helpText } from "./help.ts";
import type { Io } from "./io.ts";
import { parseArgs } from "./parse_args.ts";
import { program } from "./program.ts";
import { UsageError } from "./usage_error.ts";
import type { Values } from "./values.ts";

export type { Io } from "./io.ts";

/**
 * Runs one command line.
 *
 * @param args Without the program's name.
 * @returns the exit status: 0, 1 after an error, 2 after a usage error or, of `status`, when something is down. Of a
 * command that answers a question, 1 is a no and 2 an error.
 */
export async function main(args: readonly string[], io: Io): Promise<number> {
  let failure = 1;
  try {
    const { path, values, help } = parseArgs(program, args), command = path.at(-1)!;
    failure = command.isQuestion ? 2 : 1;
    if (!help) return await command.run?.(new Context(values, io)) ?? 0;
    io.stdout(helpText(path));
    return 0;
  } catch (reason) {
    io.stderr(reason instanceof UsageError ? reason.text() : `Error: ${failureText(reason, Deno.build.standalone)}\n`);
    return reason instanceof UsageError ? 2 : failure;
  }
}

/** A command line without mistakes. */
export interface CommandLine {
  /** The command's words, e.g. `token issue`. */
  readonly command: string;
  readonly values: Values;
  readonly help: boolean;
}

/** Reads a command line without running it; undefined for one that main() would refuse. */
export function parseCommandLine(args: readonly string[]): CommandLine | undefined {
  try {
    const { path, values, help } = parseArgs(program, args);
    return { command: path.slice(1).map(({ name }) => name).join(" "), values, help };
  } catch {
    return undefined;
  }
}
