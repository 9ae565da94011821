import { type Command, JSON_OPTION } from "../command.ts";
import { printable } from "../printable.ts";
import { warnOfDamage } from "../secret_text.ts";
import { left } from "../table.ts";

export const projectList: Command = {
  name: "list",
  help: "List all projects",
  usage: "runevault project list [-h] [--json]",
  options: [JSON_OPTION],
  examples: ["runevault project list"],
  async run(context) {
    const { projects, damaged } = await (await context.secrets()).listProjects();
    warnOfDamage(context, damaged);
    if (context.values.has("--json")) return context.printJson({ projects, damaged });
    if (projects.length === 0) return context.printLine("No projects.");
    context.printLine(row("NAME", "DEFAULT", "CREATED", "BY", "DESCRIPTION"));
    for (const { name, is_default, created_at, created_by, description } of projects) {
      context.printLine(printable(row(name, is_default ? "yes" : "", created_at, created_by, description ?? "")));
    }
  },
};

function row(name: string, isDefault: string, created: string, by: string, description: string): string {
  return `${left(name, 24)} ${left(isDefault, 7)}  ${left(created, 20)}  ${left(by, 16)}  ${description}`.trimEnd();
}
