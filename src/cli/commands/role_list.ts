import { type Command, JSON_OPTION } from "../command.ts";
import { left, right } from "../table.ts";

export const roleList: Command = {
  name: "list",
  help: "List all roles",
  usage: "runevault role list [-h]",
  options: [JSON_OPTION],
  examples: ["runevault role list", "runevault role list --json"],
  async run(context) {
    const roles = await (await context.admin()).listRoles();
    if (context.values.has("--json")) return context.printJson({ roles });
    if (roles.length === 0) return context.printLine("No roles defined.");
    context.printLine(row("ROLE", "SCOPE", "TOP_K", "RATE"));
    for (const { name, scope, top_k, rate_limit } of roles) {
      context.printLine(row(name, scope.join(","), top_k, rate_limit));
    }
  },
};

function row(role: string, scope: string, topK: number | string, rate: string): string {
  return `${left(role, 12)} ${left(scope, 50)} ${right(topK, 6)} ${right(rate, 10)}`;
}
