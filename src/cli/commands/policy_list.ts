import { type Command, JSON_OPTION } from "../command.ts";
import { printable } from "../printable.ts";
import { left, right } from "../table.ts";

export const policyList: Command = {
  name: "list",
  help: "List the policies in force and the roles that have them",
  usage: "runevault policy list [-h] [--json]",
  options: [JSON_OPTION],
  examples: ["runevault policy list"],
  async run(context) {
    const policies = await (await context.secrets()).listPolicies();
    if (context.values.has("--json")) return context.printJson({ policies });
    if (policies.length === 0) return context.printLine("No policies: everything is denied.");
    context.printLine(row("NAME", "RULES", "ROLES", "DESCRIPTION"));
    for (const { name, permissions, roles, description } of policies) {
      context.printLine(printable(row(name, permissions, roles.join(","), description)));
    }
  },
};

function row(name: string, rules: number | string, roles: string, description: string): string {
  return `${left(name, 24)} ${right(rules, 5)}  ${left(roles, 24)}  ${description}`.trimEnd();
}
