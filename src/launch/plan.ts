/**
 * Prints the Deno permission flags for a runevault command line, one a line: launch.sh starts Deno with exactly these.
 *
 * @module
 */
import { invocationOf } from "#cli/invocation.ts"; // not by mod.ts: no command shall load the configuration for nothing
import { parseCommandLine } from "#cli/mod.ts";
import { permissionsFor, toFlags } from "#permissions/mod.ts";

const line = parseCommandLine(Deno.args);
// A usage error or a call for help only prints a text.
const invocation = !line || line.help ? { command: "help" } as const : await invocationOf(line.command, line.values);
console.log(toFlags(permissionsFor(invocation)).join("\n"));
