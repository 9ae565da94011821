/**
 * The Deno flags in the comment of configs/runevault.service: checks them, or with `--write` writes them.
 *
 * @module
 */
import { permissionsFor, toFlags } from "#permissions/mod.ts";
import { ROOT } from "./paths.ts";
import { exampleConfig } from "./release_permissions.ts";

export const SERVICE_FILE = `${ROOT}configs/runevault.service`;
/** The comment's flags: lines that are indented further than the rest of it. */
const FLAGS = /(# {5}--[^\n]*\n(# {7}[^\n]*\n)*)+/;

/** The unit's text with the flags that the launcher gives Deno for the example configuration. */
export async function withServiceFlags(unit: string): Promise<string> {
  const config = await exampleConfig("/opt/rune-vault");
  const flags = toFlags(permissionsFor({ command: "daemon start", config }));
  if (!FLAGS.test(unit)) throw new Error(`${SERVICE_FILE} has no comment with flags`);
  return unit.replace(FLAGS, flags.map((flag) => `#     ${flag.replaceAll(",", ",\n#       ")}\n`).join(""));
}

if (import.meta.main) {
  const unit = Deno.readTextFileSync(SERVICE_FILE), text = await withServiceFlags(unit);
  if (Deno.args[0] === "--write") Deno.writeTextFileSync(SERVICE_FILE, text);
  else if (unit !== text) {
    console.error("configs/runevault.service shows other flags: deno run -A src/release/service_flags.ts --write");
    Deno.exit(1);
  }
}
