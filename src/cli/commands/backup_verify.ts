import { resolve } from "node:path";
import type { MasterKeyCheck } from "#daemon/backup/mod.ts";
import { IDENTITY_OPTION, keyOf, PASSPHRASE_OPTION } from "../backup_keys.ts";
import { type Command, JSON_OPTION } from "../command.ts";
import type { Context } from "../context.ts";
import { printable } from "../printable.ts";

export const backupVerify: Command = {
  name: "verify",
  help: "Open a backup and check all that is in it, also that its master keys open its secrets",
  usage: [
    "runevault backup verify [-h]",
    "                               (--identity-file FILE | --passphrase-file FILE)",
    "                               [--json] FILE",
  ].join("\n"),
  options: [IDENTITY_OPTION, PASSPHRASE_OPTION, JSON_OPTION],
  oneOf: [IDENTITY_OPTION.flag, PASSPHRASE_OPTION.flag],
  words: "FILE",
  wordCount: 1,
  examples: ["runevault backup verify vault-2026-11-22.age --identity-file backup.key"],
  async run(context) {
    const { verifyBackup } = await import("#daemon/backup/mod.ts");
    const file = resolve(context.values.words[0]);
    const { manifest, records, masterKeys, config } = await verifyBackup(file, await keyOf(context));
    const { runevault, created, installDir, files } = manifest;
    if (context.values.has("--json")) {
      const listed = files.map(({ path, size, sha256 }) => ({ path, size, sha256 }));
      return context.printJson({
        file,
        runevault,
        created,
        install_dir: installDir,
        files: listed,
        records: records ?? null,
        master_keys: masterKeys.map(({ keyId, isOpened }) => ({ key_id: keyId, opened: isOpened })),
      });
    }
    context.printLine(
      `${file} is whole: ${files.length} files of ${installDir}, of ${created} (runevault ${runevault})`,
    );
    if (records === "checked") context.printLine("  Secrets: every record of the store was read");
    for (const check of masterKeys) reportKey(context, check, config.secrets?.kms.mode);
    if (records === "too large") {
      context.io.stderr(
        "Warning: the secrets' store is too large to read its records in memory, so that no master key was tried; " +
          "a restore reads them\n",
      );
    }
    for (const { path, size } of files) context.printLine(`  ${path} (${size} bytes)`);
  },
};

function reportKey(context: Context, { keyId, isOpened }: MasterKeyCheck, mode?: "local" | "aws"): void {
  const name = printable(`'${keyId}'`);
  if (isOpened) return context.printLine(`  Master key ${name}: opened one of the values that are sealed with it`);
  if (mode === "aws") return context.printLine(`  Master key ${name}: not checked, as secrets.kms.mode is aws`);
  context.io.stderr(
    `Warning: master key ${name}: not checked, it is not in the backup: ` +
      "once restored, its values cannot be read until secrets.kms.previous_keys names its file\n",
  );
}
