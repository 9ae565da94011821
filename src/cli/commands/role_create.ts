import type { Command } from "../command.ts";
import { parseScopeList } from "../scope_list.ts";

export const roleCreate: Command = {
  name: "create",
  help: "Create a new role",
  usage: [
    "runevault role create [-h] --name NAME --scope SCOPE --top-k TOP_K",
    "                             --rate-limit RATE_LIMIT",
  ].join("\n"),
  options: [
    { flag: "--name", metavar: "NAME", help: "Role name", required: true },
    { flag: "--scope", metavar: "SCOPE", help: "Comma-separated scope list", required: true },
    { flag: "--top-k", metavar: "TOP_K", help: "Max top_k", required: true, integer: true },
    { flag: "--rate-limit", metavar: "RATE_LIMIT", help: "Rate limit (e.g. 30/60s)", required: true },
  ],
  examples: ["runevault role create --name reader --scope get_public_key,decrypt_scores --top-k 5 --rate-limit 10/60s"],
  async run(context) {
    const { values } = context;
    const name = values.required("--name");
    await (await context.admin()).createRole({
      name,
      scope: parseScopeList(values.required("--scope")),
      top_k: values.integer("--top-k")!,
      rate_limit: values.required("--rate-limit"),
    });
    context.printLine(`Role '${name}' created.`);
  },
};
