import type { Command } from "../command.ts";

export const projectDescribe: Command = {
  name: "describe",
  help: "Replace a project's description",
  usage: "runevault project describe [-h] --description TEXT NAME",
  options: [{ flag: "--description", metavar: "TEXT", help: "What it is for; may be empty", required: true }],
  words: "NAME",
  wordCount: 1,
  examples: ["runevault project describe payments --description 'Card payments, team blue'"],
  async run(context) {
    const { values } = context;
    const { name } = await (await context.secrets()).describeProject(values.words[0], values.required("--description"));
    context.printLine(`Project '${name}' updated.`);
  },
};
