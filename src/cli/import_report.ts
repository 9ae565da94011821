import { resolve } from "node:path";
import type { NamedImport, NamedSecrets } from "#daemon/transfer/mod.ts";
import type { ImportResultJson } from "#edge/admin/secrets_client.ts";
import type { Option } from "./command.ts";
import type { Context } from "./context.ts";
import { printable } from "./printable.ts";

export const CONFLICT_OPTION: Option = {
  flag: "--on-conflict",
  metavar: "RULE",
  help: "What to do about secrets that are there already (fail)",
  choices: ["fail", "skip", "new-version"],
};

/** Of the importers. */
export const SOURCE_OPTIONS: readonly Option[] = [
  {
    flag: "--master-key-file",
    metavar: "FILE",
    help: "File with that store's master key (base64)",
    required: true,
    isPath: true,
  },
  { flag: "--rename", metavar: "OLD=NEW", help: "Another name for a secret; may be repeated", isRepeatable: true },
  { flag: "--skip", metavar: "OLD", help: "Leave a secret out; may be repeated", isRepeatable: true },
  CONFLICT_OPTION,
  { flag: "--dry-run", help: "Open everything and list what would come; change nothing" },
  { flag: "--json", help: "Print one line of JSON" },
];

export function conflictRule({ values }: Context): string {
  return values.text(CONFLICT_OPTION.flag) ?? "fail";
}

/** The text of the master key's file. */
export async function masterKeyText(context: Context): Promise<string> {
  const { readSecretText } = await import("#daemon/backup/mod.ts");
  const path = resolve(context.values.required("--master-key-file"));
  const { text, warning } = await readSecretText("--master-key-file", path);
  if (warning) context.io.stderr(`Warning: ${warning}\n`);
  return text;
}

/** Names what was opened and sends it, or with --dry-run only lists it. */
export async function importFound(context: Context, found: NamedImport): Promise<void> {
  const { values } = context;
  const { nameSecrets, projectsOf, sendImport } = await import("#daemon/transfer/mod.ts");
  const { secrets, skipped } = nameSecrets(found.secrets, {
    renames: values.texts("--rename"),
    skips: values.texts("--skip"),
  });
  const projects = projectsOf(found.projects), sourceDefault = found.defaultProject;
  if (values.has("--dry-run")) return listFound(context, { secrets, skipped, sourceDefault });
  const result = await sendImport(await context.secrets(), {
    projects,
    defaultProject: projects.find(({ name }) => name === sourceDefault)?.name,
    secrets: ReadableStream.from(secrets.map(({ secret }) => secret)),
    onConflict: conflictRule(context),
  });
  reportImport(context, result, { leftOut: skipped, sourceDefault });
}

function listFound(
  context: Context,
  { secrets, skipped, sourceDefault }: NamedSecrets & { readonly sourceDefault?: string },
): void {
  if (context.values.has("--json")) {
    const listed = secrets.map(({ from, name }) => ({ from, name }));
    return context.printJson({ secrets: listed, skipped, source_default_project: sourceDefault ?? null });
  }
  for (const { from, name } of secrets) context.printLine(printable(from === name ? name : `${from} -> ${name}`));
  if (sourceDefault !== undefined) context.printLine(printable(`Its default project: ${sourceDefault}`));
  context.printLine(`${secrets.length} secrets would come, every value could be opened; nothing was changed`);
}

export interface ImportReport {
  /** What `--skip` named. */
  readonly leftOut?: readonly string[];
  /** The default project of the store that they come from. */
  readonly sourceDefault?: string;
}

export function reportImport(
  context: Context,
  result: ImportResultJson,
  { leftOut = [], sourceDefault }: ImportReport = {},
): void {
  if (context.values.has("--json")) {
    return context.printJson({ ...result, source_default_project: sourceDefault ?? null, left_out: leftOut });
  }
  const { created, updated, skipped, versions, dropped_versions: dropped, default_project: defaultProject } = result;
  context.printLine(`Imported ${created + updated} secrets (${created} new, ${updated} with a new version)`);
  if (leftOut.length > 0) context.printLine(printable(`  Left out: ${leftOut.join(", ")}`));
  if (skipped > 0) context.printLine(`  Left as they were: ${skipped}`);
  if (dropped > 0) context.printLine(`  Dropped: ${dropped} old versions, more than secrets.keep_versions keeps here`);
  if (sourceDefault !== undefined) context.printLine(printable(defaultText(sourceDefault, defaultProject)));
  context.printLine(`  Verified: ${versions} values, each opened and compared, and read back from the store`);
}

function defaultText(sourceDefault: string, defaultProject: string | null): string {
  if (defaultProject !== null) return `  Default project: ${defaultProject}`;
  return `  Default project: unchanged; there it was '${sourceDefault}': 'runevault project set-default NAME' sets it here`;
}
