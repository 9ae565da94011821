/**
 * Prints the Deno permission flags for a runevault command line, one a line: launch.sh starts Deno with exactly these;
 * then, where the daemon traces, the environment to start it in.
 *
 * @module
 */
import { invocationOf } from "#cli/invocation.ts"; // not by mod.ts: no command shall load the configuration for nothing
import { parseCommandLine } from "#cli/mod.ts";
import { tracingEnvironment } from "#config/tracing_environment.ts";
import { permissionsFor, toFlags } from "#permissions/mod.ts";

const line = parseCommandLine(Deno.args);
// A usage error or a call for help only prints a text.
const invocation = !line || line.help ? { command: "help" } as const : await invocationOf(line.command, line.values);
console.log(toFlags(permissionsFor(invocation)).join("\n"));
if ("config" in invocation && invocation.config && /^daemon (re)?start$/.test(invocation.command)) {
  for (const [name, value] of Object.entries(tracingEnvironment(invocation.config))) console.log(`${name}=${value}`);
}
