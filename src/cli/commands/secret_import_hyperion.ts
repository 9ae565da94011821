import { resolve } from "node:path";
import type { Command } from "../command.ts";
import { importFound, masterKeyText, SOURCE_OPTIONS } from "../import_report.ts";
import { printable } from "../printable.ts";

export const secretImportHyperion: Command = {
  name: "import-hyperion",
  help: "Take in a hyperion backup with a local master key, re-sealed with this vault's keys",
  usage: [
    "runevault secret import-hyperion [-h] --backup FILE",
    "                                        --master-key-file FILE",
    "                                        [--rename OLD=NEW] [--skip OLD]",
    "                                        [--on-conflict {fail,skip,new-version}]",
    "                                        [--dry-run] [--json]",
  ].join("\n"),
  options: [
    { flag: "--backup", metavar: "FILE", help: "What GET /v1/backup gave", required: true, isPath: true },
    ...SOURCE_OPTIONS,
  ],
  examples: [
    "runevault secret import-hyperion --backup backup.json --master-key-file hyperion.key --dry-run",
    "(the name a/b/c becomes path b/c of project a; one without / goes to the project 'default')",
  ],
  async run(context) {
    const { readHyperion } = await import("#daemon/transfer/mod.ts");
    const backup = resolve(context.values.required("--backup"));
    const key = new TextEncoder().encode(await masterKeyText(context));
    const { secrets, targets } = await readHyperion(backup, key).finally(() => key.fill(0));
    for (const name of targets) {
      context.io.stderr(`Warning: '${printable(name)}' had a rotation target, which this vault does not apply\n`);
    }
    await importFound(context, { projects: [], secrets });
  },
};
