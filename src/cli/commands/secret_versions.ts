import { type Command, JSON_OPTION } from "../command.ts";
import { printable } from "../printable.ts";
import { left, right } from "../table.ts";

export const secretVersions: Command = {
  name: "versions",
  help: "List the versions of a secret that can be read",
  usage: "runevault secret versions [-h] [--json] NAME",
  options: [JSON_OPTION],
  words: "NAME",
  wordCount: 1,
  examples: ["runevault secret versions payments/stripe/key"],
  async run(context) {
    const { values } = context, name = values.words[0];
    const versions = await (await context.secrets()).versions(name);
    if (values.has("--json")) return context.printJson({ name, versions });
    context.printLine(row("VERSION", "CREATED", "VALID UNTIL", "KEY", "BY"));
    for (const { version, created_at, expires_at, key_id, created_by } of versions) {
      context.printLine(printable(row(version, created_at, expires_at ?? "current", key_id, created_by)));
    }
  },
};

function row(version: number | string, created: string, until: string, key: string, by: string): string {
  return `${right(version, 7)}  ${left(created, 20)}  ${left(until, 20)}  ${left(key, 16)}  ${by}`.trimEnd();
}
