import { resolve } from "node:path";
import { LIBRARY_SOURCE } from "#config/library_source.ts";
import { type Config, DEFAULT_PATHS, loadConfig } from "#config/mod.ts";
import type { Invocation } from "#permissions/mod.ts";
import type { Values } from "./values.ts";

/**
 * What a command is about, as far as its permissions depend on it. The configuration is read, its secrets are not.
 *
 * @param command Its words, e.g. `daemon start`.
 */
export async function invocationOf(command: string, values: Values): Promise<Invocation> {
  // These only print a text.
  if (/^(version|completion \w+)$/.test(command)) return { command: "help" };
  if (command === "logs" && !values.has("--audit")) return { command: "service log" };
  if (command === "init") {
    return { command, dir: resolve(values.text("--dir") ?? "/opt/rune-vault"), librarySource: LIBRARY_SOURCE };
  }
  const isAdmin = /^(token|role|cloud) /.test(command), socket = values.text("--admin-socket");
  if (isAdmin && socket !== undefined) return { command: "admin", socket: absolute(socket) };
  const config = await load(values.text("--config"));
  if (!config) return { command: "unconfigured", candidates: candidates(values.text("--config")) };
  return configured(command, withSocket(config, socket));
}

function configured(command: string, config: Config): Invocation {
  switch (command) {
    case "daemon start":
    case "daemon stop":
    case "daemon restart":
    case "status":
    case "permissions":
      return { command, config };
    case "logs":
      return { command: "audit log", config };
    default:
      return { command: "admin", socket: config.server.admin.socket, config };
  }
}

function withSocket(config: Config, socket: string | undefined): Config {
  if (socket === undefined) return config;
  return { ...config, server: { ...config.server, admin: { socket: absolute(socket) } } };
}

/** The empty path stays empty: the command refuses it, and needs nothing for that. */
function absolute(path: string): string {
  return path && resolve(path);
}

/** Undefined when it cannot be read: then the command itself says why. */
async function load(path: string | undefined): Promise<Config | undefined> {
  try {
    return (await loadConfig({ path, secrets: false })).config;
  } catch {
    return undefined;
  }
}

function candidates(path: string | undefined): string[] {
  return (path === undefined ? DEFAULT_PATHS : [path]).map((candidate) => resolve(candidate));
}
