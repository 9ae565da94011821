import type { Command } from "../command.ts";

export const roleDelete: Command = {
  name: "delete",
  help: "Delete a role",
  usage: "runevault role delete [-h] --name NAME",
  options: [{ flag: "--name", metavar: "NAME", help: "Role name", required: true }],
  examples: ["runevault role delete --name reader"],
  async run(context) {
    const name = context.values.required("--name");
    await (await context.admin()).deleteRole(name);
    context.printLine(`Role '${name}' deleted.`);
  },
};
