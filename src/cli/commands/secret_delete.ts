import { type Command, JSON_OPTION } from "../command.ts";
import { confirmed, EXPECTED_OPTION } from "../secret_text.ts";

export const secretDelete: Command = {
  name: "delete",
  help: "Delete a secret with all its versions",
  usage: [
    "runevault secret delete [-h] [--expected-version N] [--yes] [--json]",
    "                               NAME",
  ].join("\n"),
  options: [EXPECTED_OPTION, { flag: "--yes", help: "Do not ask" }, JSON_OPTION],
  words: "NAME",
  wordCount: 1,
  examples: ["runevault secret delete payments/old/key --yes"],
  async run(context) {
    const { values } = context, name = values.words[0];
    confirmed(context, `Delete '${name}' and all its versions?`);
    const deleted = await (await context.secrets()).delete(name, values.integer(EXPECTED_OPTION.flag));
    if (values.has("--json")) return context.printJson(deleted);
    context.printLine(`Deleted '${deleted.name}'`);
  },
};
