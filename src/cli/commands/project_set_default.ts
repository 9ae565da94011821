import type { Command } from "../command.ts";

export const projectSetDefault: Command = {
  name: "set-default",
  help: "Make a project the one that clients begin with",
  usage: "runevault project set-default [-h] NAME",
  options: [],
  words: "NAME",
  wordCount: 1,
  examples: ["runevault project set-default payments"],
  async run(context) {
    const { name } = await (await context.secrets()).setDefaultProject(context.values.words[0]);
    context.printLine(`Project '${name}' is the default.`);
  },
};
