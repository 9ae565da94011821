import type { Command } from "../command.ts";
import { confirmed } from "../secret_text.ts";

export const projectDelete: Command = {
  name: "delete",
  help: "Delete a project without secrets",
  usage: "runevault project delete [-h] [--yes] NAME",
  options: [{ flag: "--yes", help: "Do not ask" }],
  words: "NAME",
  wordCount: 1,
  examples: ["runevault project delete payments --yes"],
  async run(context) {
    const name = context.values.words[0];
    confirmed(context, `Delete project '${name}'?`);
    await (await context.secrets()).deleteProject(name);
    context.printLine(`Project '${name}' deleted.`);
  },
};
