import { type Command, JSON_OPTION } from "../command.ts";

/** @param isCommand Whether the words name a command; passed in, since the table holds this one. */
export const permissions = (isCommand: (words: string) => boolean): Command => ({
  name: "permissions",
  help: "Show which Deno permissions a command gets, and why",
  usage: "runevault permissions [-h] [COMMAND ...]",
  options: [JSON_OPTION],
  words: "COMMAND",
  examples: ["runevault permissions", "runevault permissions token issue", "runevault permissions daemon stop --json"],
  async run(context) {
    const { explainPermissions } = await import("#permissions/mod.ts");
    const { invocationOf } = await import("../invocation.ts");
    const command = context.values.words.join(" ") || "daemon start";
    if (!isCommand(command)) throw new Error(`no such command: '${command}' (see runevault --help)`);
    const granted = explainPermissions(await invocationOf(command, context.values));
    if (context.values.has("--json")) return context.printJson(granted);
    context.printLine(granted.length === 0 ? `${command} needs no permission` : `${command} gets`);
    for (const { kind, value, reason, kept } of granted) {
      const flag = kind === "ignore-env" ? `--${kind}=${value}` : `--allow-${kind}=${value}`;
      context.printLine(`  ${flag}\n      ${reason}${kept === false ? "; given up once it serves" : ""}`);
    }
  },
});
