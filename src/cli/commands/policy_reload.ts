import { type Command, JSON_OPTION } from "../command.ts";

export const policyReload: Command = {
  name: "reload",
  help: "Read policies.yml again, as a whole or not at all",
  usage: "runevault policy reload [-h] [--json]",
  options: [JSON_OPTION],
  examples: ["runevault policy reload"],
  async run(context) {
    const counts = await (await context.secrets()).reloadPolicies();
    if (context.values.has("--json")) return context.printJson(counts);
    context.printLine(`In force: ${counts.policies} policies for ${counts.roles} roles`);
  },
};
