import { type Command, JSON_OPTION } from "../command.ts";
import { confirmed } from "../secret_text.ts";

export const projectDelete: Command = {
  name: "delete",
  help: "Delete a project without secrets",
  usage: "runevault project delete [-h] [--yes] [--json] NAME",
  options: [{ flag: "--yes", help: "Do not ask" }, JSON_OPTION],
  words: "NAME",
  wordCount: 1,
  examples: ["runevault project delete payments --yes"],
  async run(context) {
    const { values } = context, name = values.words[0];
    confirmed(context, `Delete project '${name}'?`);
    const deleted = await (await context.secrets()).deleteProject(name);
    if (values.has("--json")) return context.printJson(deleted);
    context.printLine(`Project '${name}' deleted.`);
  },
};
