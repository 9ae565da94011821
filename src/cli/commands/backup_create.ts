import type { CreatedBackup } from "#daemon/backup/mod.ts";
import { buildInfo } from "../build_info.ts";
import { type Command, JSON_OPTION } from "../command.ts";
import type { Context } from "../context.ts";
import { lockOf, outOf, SEALED_FILE_OPTIONS } from "../backup_keys.ts";

export const backupCreate: Command = {
  name: "create",
  help: "Write an encrypted backup of the whole install",
  usage: [
    "runevault backup create [-h] --out FILE",
    "                               (--recipient RECIPIENT | --passphrase-file FILE)",
    "                               [--force] [--json]",
  ].join("\n"),
  options: [
    ...SEALED_FILE_OPTIONS,
    JSON_OPTION,
  ],
  oneOf: ["--recipient", "--passphrase-file"],
  examples: [
    "runevault backup create --out vault-2026-11-22.age --recipient age1...",
    "age-keygen -o backup.key    (makes a recipient and its identity: keep that away from the vault)",
  ],
  async run(context) {
    const { createBackup } = await import("#daemon/backup/mod.ts");
    const { systemClock } = await import("#daemon/mod.ts");
    const { values } = context, out = outOf(context);
    const created = await createBackup(await context.withSocket(), {
      out,
      lock: await lockOf(context),
      force: values.has("--force"),
      version: buildInfo().version,
      clock: systemClock,
    });
    report(context, out, created);
  },
};

function report(context: Context, out: string, created: CreatedBackup): void {
  const { manifest, bytes, sha256, verified, stateFrom } = created;
  if (context.values.has("--json")) {
    const { created, installDir, files } = manifest;
    return context.printJson({
      file: out,
      bytes,
      sha256,
      created,
      install_dir: installDir,
      files: files.length,
      verified,
      state_from: stateFrom,
    });
  }
  context.printLine(`Backup of ${manifest.installDir}: ${manifest.files.length} files in ${out} (${bytes} bytes)`);
  context.printLine(`  SHA-256: ${sha256}`);
  context.printLine(
    verified === "opened"
      ? "  Verified: opened with the passphrase, every file in it has its hash"
      : "  Verified: read back from the disk; 'runevault backup verify' with an identity is the proof that it opens",
  );
}
