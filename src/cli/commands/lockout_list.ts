import { type Command, JSON_OPTION } from "../command.ts";
import { left, right } from "../table.ts";

export const lockoutList: Command = {
  name: "list",
  help: "List client addresses with failed attempts, locked ones first",
  usage: "runevault lockout list [-h] [--json]",
  options: [JSON_OPTION],
  examples: ["runevault lockout list"],
  async run(context) {
    const lockouts = await (await context.secrets()).listLockouts();
    if (context.values.has("--json")) return context.printJson({ lockouts });
    if (lockouts.length === 0) return context.printLine("No failed attempts.");
    context.printLine(row("ADDRESS", "FAILURES", "LOCKED FOR"));
    for (const { address, failures, retry_after_seconds: seconds } of lockouts) {
      context.printLine(row(address, failures, seconds > 0 ? `${seconds} s` : "-"));
    }
  },
};

function row(address: string, failures: number | string, lock: string): string {
  return `${left(address, 40)} ${right(failures, 8)}  ${lock}`;
}
