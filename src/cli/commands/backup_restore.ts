import { resolve } from "node:path";
import { IDENTITY_OPTION, keyOf, PASSPHRASE_OPTION } from "../backup_keys.ts";
import { type Command, JSON_OPTION } from "../command.ts";

export const backupRestore: Command = {
  name: "restore",
  help: "Make an install directory from a backup",
  usage: [
    "runevault backup restore [-h] --dir DIR",
    "                                (--identity-file FILE | --passphrase-file FILE)",
    "                                [--force] [--json] FILE",
  ].join("\n"),
  options: [
    { flag: "--dir", metavar: "DIR", help: "Install directory, empty or absent", required: true, isPath: true },
    IDENTITY_OPTION,
    PASSPHRASE_OPTION,
    { flag: "--force", help: "Move what is in DIR to DIR.before/ first" },
    JSON_OPTION,
  ],
  oneOf: [IDENTITY_OPTION.flag, PASSPHRASE_OPTION.flag],
  words: "FILE",
  wordCount: 1,
  examples: ["runevault backup restore vault-2026-11-22.age --identity-file backup.key --dir /opt/rune-vault"],
  async run(context) {
    const { restoreBackup } = await import("#daemon/backup/mod.ts");
    const { systemClock } = await import("#daemon/mod.ts");
    const { values } = context;
    const dir = resolve(values.required("--dir"));
    const { manifest, config, movedTo, notes } = await restoreBackup({
      file: resolve(values.words[0]),
      key: await keyOf(context),
      dir,
      force: values.has("--force"),
      clock: systemClock,
    });
    for (const note of notes) context.io.stderr(`Warning: ${note}\n`);
    if (values.has("--json")) {
      return context.printJson({
        dir,
        config,
        created: manifest.created,
        files: manifest.files.length,
        moved_to: movedTo,
      });
    }
    if (movedTo) context.printLine(`Moved what was there to ${movedTo}`);
    context.printLine(`Restored ${manifest.files.length} files of ${manifest.created} to ${dir}`);
    context.printLine(`Next: runevault --config ${config} daemon start`);
    context.printLine(`      (where the service has a user of its own: chown -R runevault: ${dir} first)`);
  },
};
