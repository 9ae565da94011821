import type { Command } from "./command.ts";
import { printable } from "./printable.ts";

/** The command line cannot be understood; printed with the usage of the command that refused it, exit status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";

  /** @param path From the program to the command that refuses. */
  constructor(readonly path: readonly Command[], message: string) {
    super(message);
  }

  /** Both parts as argparse prints them. */
  text(): string {
    const program = this.path.map(({ name }) => name).join(" ");
    return `usage: ${this.path.at(-1)!.usage}\n${program}: error: ${this.message}\n`;
  }
}

/** A value between quotes as Python's repr() writes it. */
export function quoted(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  return mark + printable(text.replaceAll("\\", "\\\\").replaceAll(mark, `\\${mark}`)) + mark;
}
