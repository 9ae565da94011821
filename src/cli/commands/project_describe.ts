import { type Command, JSON_OPTION } from "../command.ts";

export const projectDescribe: Command = {
  name: "describe",
  help: "Replace a project's description",
  usage: "runevault project describe [-h] --description TEXT [--json] NAME",
  options: [
    { flag: "--description", metavar: "TEXT", help: "What it is for; may be empty", required: true },
    JSON_OPTION,
  ],
  words: "NAME",
  wordCount: 1,
  examples: ["runevault project describe payments --description 'Card payments, team blue'"],
  async run(context) {
    const { values } = context;
    const client = await context.secrets();
    const project = await client.describeProject(values.words[0], values.required("--description"));
    if (values.has("--json")) return context.printJson(project);
    context.printLine(`Project '${project.name}' updated.`);
  },
};
