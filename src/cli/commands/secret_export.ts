import { lockOf, outOf, PASSPHRASE_OPTION, SEALED_FILE_OPTIONS } from "../backup_keys.ts";
import { buildInfo } from "../build_info.ts";
import { type Command, JSON_OPTION } from "../command.ts";

export const secretExport: Command = {
  name: "export",
  help: "Write one project to an age file, for another vault",
  usage: [
    "runevault secret export [-h] --project PROJECT --out FILE",
    "                               (--recipient RECIPIENT | --passphrase-file FILE)",
    "                               [--force] [--json]",
  ].join("\n"),
  options: [
    { flag: "--project", metavar: "PROJECT", help: "What to export, with all versions", required: true },
    ...SEALED_FILE_OPTIONS,
    JSON_OPTION,
  ],
  oneOf: ["--recipient", PASSPHRASE_OPTION.flag],
  examples: ["runevault secret export --project payments --out payments.age --recipient age1..."],
  async run(context) {
    const { writeExport } = await import("#daemon/transfer/mod.ts");
    const { systemClock } = await import("#daemon/mod.ts");
    const { values } = context, out = outOf(context), project = values.required("--project");
    const { secrets, versions, bytes, sha256, verified } = await writeExport(await context.secrets(), {
      project,
      out,
      lock: await lockOf(context),
      force: values.has("--force"),
      version: buildInfo().version,
      clock: systemClock,
    });
    if (values.has("--json")) {
      return context.printJson({ file: out, project, secrets, versions, bytes, sha256, verified });
    }
    context.printLine(`Exported ${secrets} secrets of '${project}' (${versions} versions) to ${out} (${bytes} bytes)`);
    context.printLine(`  SHA-256: ${sha256}`);
    context.printLine(
      verified === "opened" ? "  Verified: opened with the passphrase" : "  Verified: read back from the disk",
    );
  },
};
