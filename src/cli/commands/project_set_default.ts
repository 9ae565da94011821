import { type Command, JSON_OPTION } from "../command.ts";

export const projectSetDefault: Command = {
  name: "set-default",
  help: "Make a project the one that clients begin with",
  usage: "runevault project set-default [-h] [--json] NAME",
  options: [JSON_OPTION],
  words: "NAME",
  wordCount: 1,
  examples: ["runevault project set-default payments"],
  async run(context) {
    const { values } = context, project = await (await context.secrets()).setDefaultProject(values.words[0]);
    if (values.has("--json")) return context.printJson(project);
    context.printLine(`Project '${project.name}' is the default.`);
  },
};
