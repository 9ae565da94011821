import type { RoleChanges } from "#edge/admin/admin_client.ts";
import type { Command } from "../command.ts";
import { parseScopeList } from "../scope_list.ts";
import type { Values } from "../values.ts";

export const roleUpdate: Command = {
  name: "update",
  help: "Update a role",
  usage: [
    "runevault role update [-h] --name NAME [--scope SCOPE] [--top-k TOP_K]",
    "                             [--rate-limit RATE_LIMIT]",
  ].join("\n"),
  options: [
    { flag: "--name", metavar: "NAME", help: "Role name", required: true },
    { flag: "--scope", metavar: "SCOPE", help: "Comma-separated scope list" },
    { flag: "--top-k", metavar: "TOP_K", help: "Max top_k", integer: true },
    { flag: "--rate-limit", metavar: "RATE_LIMIT", help: "Rate limit (e.g. 30/60s)" },
  ],
  examples: ["runevault role update --name member --top-k 8"],
  async run(context) {
    const changes = changesOf(context.values);
    if (Object.keys(changes).length === 0) throw new Error("No fields to update.");
    const name = context.values.required("--name");
    await (await context.admin()).updateRole(name, changes);
    context.printLine(`Role '${name}' updated. Changes take effect immediately for all tokens with this role.`);
  },
};

/** What was given counts, be it 0 or empty. */
function changesOf(values: Values): RoleChanges {
  const scope = values.text("--scope");
  const topK = values.integer("--top-k");
  const rateLimit = values.text("--rate-limit");
  return {
    ...scope !== undefined && { scope: parseScopeList(scope) },
    ...topK !== undefined && { top_k: topK },
    ...rateLimit !== undefined && { rate_limit: rateLimit },
  };
}
