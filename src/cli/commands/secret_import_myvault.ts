import { resolve } from "node:path";
import type { Command } from "../command.ts";
import { importFound, masterKeyText, SOURCE_OPTIONS } from "../import_report.ts";

export const secretImportMyVault: Command = {
  name: "import-myvault",
  help: "Take in a myVault database, re-sealed with this vault's keys",
  usage: [
    "runevault secret import-myvault [-h] --database FILE",
    "                                       --master-key-file FILE",
    "                                       [--rename OLD=NEW] [--skip OLD]",
    "                                       [--on-conflict {fail,skip,new-version}]",
    "                                       [--dry-run] [--json]",
  ].join("\n"),
  options: [
    { flag: "--database", metavar: "FILE", help: "Its SQLite file", required: true, isPath: true },
    ...SOURCE_OPTIONS,
  ],
  examples: [
    "runevault secret import-myvault --database vault.db --master-key-file myvault.key --dry-run",
    "(myvault.key holds the MSA_MASTER_KEY, base64:...; names are PROJECT/PATH)",
    "(its default project becomes the default here if there is none: see 'runevault project set-default')",
  ],
  async run(context) {
    const { readMyVault } = await import("#daemon/transfer/mod.ts");
    const database = resolve(context.values.required("--database"));
    await importFound(context, await readMyVault(database, await masterKeyText(context)));
  },
};
