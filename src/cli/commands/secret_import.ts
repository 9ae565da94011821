import { resolve } from "node:path";
import { IDENTITY_OPTION, keyOf, PASSPHRASE_OPTION } from "../backup_keys.ts";
import { type Command, JSON_OPTION } from "../command.ts";
import { CONFLICT_OPTION, conflictRule, reportImport } from "../import_report.ts";

export const secretImport: Command = {
  name: "import",
  help: "Take in a project that another vault has exported, as a whole or not at all",
  usage: [
    "runevault secret import [-h]",
    "                               (--identity-file FILE | --passphrase-file FILE)",
    "                               [--project PROJECT]",
    "                               [--on-conflict {fail,skip,new-version}]",
    "                               [--json] FILE",
  ].join("\n"),
  options: [
    IDENTITY_OPTION,
    PASSPHRASE_OPTION,
    { flag: "--project", metavar: "PROJECT", help: "Another name for the project" },
    CONFLICT_OPTION,
    JSON_OPTION,
  ],
  oneOf: [IDENTITY_OPTION.flag, PASSPHRASE_OPTION.flag],
  words: "FILE",
  wordCount: 1,
  examples: [
    "runevault secret import payments.age --identity-file team.key",
    "runevault secret import payments.age --identity-file team.key --project payments-staging",
  ],
  async run(context) {
    const { readExport, renamed, sendImport } = await import("#daemon/transfer/mod.ts");
    const { values } = context;
    const { project, secrets } = await readExport(resolve(values.words[0]), await keyOf(context));
    const name = values.text("--project") ?? project.name;
    const result = await sendImport(await context.secrets(), {
      projects: [{ name, description: project.description }],
      secrets: renamed(secrets, name),
      onConflict: conflictRule(context),
    });
    reportImport(context, result);
  },
};
