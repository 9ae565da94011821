import { type Command, JSON_OPTION } from "../command.ts";

export const lockoutClear: Command = {
  name: "clear",
  help: "Let an address in again, or all of them",
  usage: "runevault lockout clear [-h] (--address ADDRESS | --all) [--json]",
  options: [
    { flag: "--address", metavar: "ADDRESS", help: "As 'lockout list' shows it" },
    { flag: "--all", help: "Every address" },
    JSON_OPTION,
  ],
  oneOf: ["--address", "--all"],
  examples: ["runevault lockout clear --address 192.0.2.7", "runevault lockout clear --all"],
  async run(context) {
    const { values } = context, cleared = await (await context.secrets()).clearLockouts(values.text("--address"));
    if (values.has("--json")) return context.printJson({ cleared });
    context.printLine(`Cleared ${cleared} ${cleared === 1 ? "address" : "addresses"}`);
  },
};
