import { type Command, JSON_OPTION } from "../command.ts";
import { printFacts } from "../secret_text.ts";

export const projectShow: Command = {
  name: "show",
  help: "Show a project",
  usage: "runevault project show [-h] [--json] NAME",
  options: [JSON_OPTION],
  words: "NAME",
  wordCount: 1,
  examples: ["runevault project show payments"],
  async run(context) {
    const project = await (await context.secrets()).showProject(context.values.words[0]);
    if (context.values.has("--json")) return context.printJson(project);
    printFacts(context, [
      ["Name", project.name],
      ["Description", project.description],
      ["Default", project.is_default ? "yes" : "no"],
      ["Created", project.created_at],
      ["By", project.created_by],
    ]);
  },
};
