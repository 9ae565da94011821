import type { SecretJson } from "#edge/admin/secrets_client.ts";
import { type Command, JSON_OPTION } from "../command.ts";
import { SECRET_HEAD, secretLine, warnOfDamage } from "../secret_text.ts";

const PAGE = 1000;

export const secretList: Command = {
  name: "list",
  help: "List secrets, without their values",
  usage: "runevault secret list [-h] [--project PROJECT] [--prefix PREFIX] [--json]",
  options: [
    { flag: "--project", metavar: "PROJECT", help: "Only of this project" },
    { flag: "--prefix", metavar: "PREFIX", help: "Only names that begin so; with --project, paths" },
    JSON_OPTION,
  ],
  examples: ["runevault secret list --project payments", "runevault secret list --prefix payments/db --json"],
  async run(context) {
    const { values } = context, client = await context.secrets();
    const query = { project: values.text("--project"), prefix: values.text("--prefix"), limit: PAGE };
    const found: SecretJson[] = [], broken: string[] = [];
    let after: string | undefined;
    do {
      const { secrets, damaged, next } = await client.list({ ...query, after });
      found.push(...secrets);
      broken.push(...damaged);
      warnOfDamage(context, damaged);
      after = next ?? undefined;
    } while (after !== undefined);
    if (values.has("--json")) return context.printJson({ secrets: found, damaged: broken });
    if (found.length === 0) return context.printLine("No secrets.");
    context.printLine(SECRET_HEAD);
    for (const secret of found) context.printLine(secretLine(secret));
  },
};
