import { type Command, JSON_OPTION } from "../command.ts";

export const projectCreate: Command = {
  name: "create",
  help: "Create a project (the first secret of one creates it too)",
  usage: "runevault project create [-h] [--description TEXT] [--json] NAME",
  options: [{ flag: "--description", metavar: "TEXT", help: "What it is for" }, JSON_OPTION],
  words: "NAME",
  wordCount: 1,
  examples: ["runevault project create payments --description 'Card payments'"],
  async run(context) {
    const { values } = context;
    const project = await (await context.secrets()).createProject(values.words[0], values.text("--description"));
    if (values.has("--json")) return context.printJson(project);
    context.printLine(`Project '${project.name}' created.`);
  },
};
