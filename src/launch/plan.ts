/**
 * Prints the Deno permission flags for a runevault command line, one a line: launch.sh starts Deno with exactly these.
 *
 * @module
 */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type CommandLine, parseCommandLine } from "#cli/mod.ts";
import { DEFAULT_PATHS, loadConfig, type LoadedConfig } from "#config/mod.ts";
import { type Invocation, permissionsFor, toFlags } from "#permissions/mod.ts";

const LIBRARY_SOURCE = fileURLToPath(new URL("../../ffi/build/libenvector.so", import.meta.url));

async function invocationOf(line: CommandLine | undefined): Promise<Invocation> {
  // A usage error or a call for help only prints a text, and so do version and completion.
  if (!line || line.help || /^(version|completion \w+)$/.test(line.command)) return { command: "help" };
  const { command, values } = line;
  if (command === "logs" && !values.has("--audit")) return { command: "service log" };
  if (command === "init") {
    return { command, dir: resolve(values.text("--dir") ?? "/opt/rune-vault"), librarySource: LIBRARY_SOURCE };
  }
  const isAdmin = /^(token|role) /.test(command), socket = values.text("--admin-socket");
  if (isAdmin && socket !== undefined) return { command: "admin", socket: absolute(socket) };
  const loaded = await load(values.text("--config"));
  if (!loaded) return { command: "unconfigured", candidates: candidates(values.text("--config")) };
  const config = withSocket(loaded.config, socket);
  if (isAdmin) return { command: "admin", socket: config.server.admin.socket, config };
  if (command === "logs") return { command: "audit log", config };
  return { command: command as "daemon start" | "daemon stop" | "daemon restart" | "status", config };
}

function withSocket(config: LoadedConfig["config"], socket: string | undefined): LoadedConfig["config"] {
  if (socket === undefined) return config;
  return { ...config, server: { ...config.server, admin: { socket: absolute(socket) } } };
}

/** The empty path stays empty: the command refuses it, and needs nothing for that. */
function absolute(path: string): string {
  return path && resolve(path);
}

/** Undefined when it cannot be read: then the command itself says why. */
async function load(path: string | undefined): Promise<LoadedConfig | undefined> {
  try {
    return await loadConfig({ path, secrets: false });
  } catch {
    return undefined;
  }
}

function candidates(path: string | undefined): string[] {
  return (path === undefined ? DEFAULT_PATHS : [path]).map((candidate) => resolve(candidate));
}

console.log(toFlags(permissionsFor(await invocationOf(parseCommandLine(Deno.args)))).join("\n"));
