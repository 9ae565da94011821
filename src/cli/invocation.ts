import { resolve } from "node:path";
import { LIBRARY_SOURCE } from "#config/library_source.ts";
import { type Config, DEFAULT_PATHS, loadConfig } from "#config/mod.ts";
import type { Batch, CommandFiles, Invocation } from "#permissions/mod.ts";
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
  if (command === "backup verify" || command === "backup restore") return backupReading(command, values);
  const isAdmin = /^(token|role|cloud|secret|project|policy|lockout) /.test(command);
  const socket = values.text("--admin-socket"), batch = batchOf(values), files = filesOf(command, values);
  if (isAdmin && socket !== undefined) return { command: "admin", socket: absolute(socket), batch, files };
  const config = await load(values.text("--config"));
  if (!config) return { command: "unconfigured", candidates: candidates(values.text("--config")) };
  if (command === "backup create") return backupCreation(withSocket(config, socket), values);
  return configured(command, withSocket(config, socket), { batch, files });
}

function batchOf(values: Values): Batch | undefined {
  const list = values.text("--for-each"), outDir = values.text("--out-dir");
  return list === undefined || outDir === undefined ? undefined : { list: resolve(list), outDir: resolve(outDir) };
}

/** Flags of the secrets' commands that name a file to read. */
const READ_FLAGS = ["--file", "--passphrase-file", "--identity-file", "--database", "--backup", "--master-key-file"];

/** The files that a command on secrets reads, and the one that it writes. */
function filesOf(command: string, values: Values): CommandFiles | undefined {
  if (!command.startsWith("secret ")) return undefined;
  const flags = READ_FLAGS.flatMap((flag) => values.text(flag) ?? []);
  // `permissions` gives the command's words alone: they are not its own, and a file that it must have is not named.
  const words = command !== "secret import" ? [] : flags.length > 0 ? values.words : [SOME_FILE];
  const out = values.text("--out") ?? (command === "secret export" ? SOME_FILE : undefined);
  return { read: [...flags, ...words].map((path) => resolve(path)), out: out === undefined ? undefined : resolve(out) };
}

/** Stand where `permissions` asks for a command without its words. */
const SOME_FILE = "/FOLDER/FILE", SOME_DIR = "/FOLDER/DIR";

/** Of the backup commands that need no configuration. */
function backupReading(command: "backup verify" | "backup restore", values: Values): Invocation {
  const credential = values.text("--identity-file") ?? values.text("--passphrase-file");
  const keyFile = credential === undefined ? undefined : resolve(credential);
  const file = keyFile === undefined ? SOME_FILE : resolve(values.words[0]); // without a key, the words are not its own
  if (command === "backup verify") return { command, file, keyFile };
  const dir = values.text("--dir");
  return { command, file, keyFile, dir: dir === undefined ? SOME_DIR : resolve(dir), librarySource: LIBRARY_SOURCE };
}

function backupCreation(config: Config, values: Values): Invocation {
  const out = values.text("--out"), keyFile = values.text("--passphrase-file");
  return {
    command: "backup create",
    config,
    out: out === undefined ? SOME_FILE : resolve(out),
    keyFile: keyFile === undefined ? undefined : resolve(keyFile),
  };
}

function configured(command: string, config: Config, named: { batch?: Batch; files?: CommandFiles }): Invocation {
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
      return { command: "admin", socket: config.server.admin.socket, config, ...named };
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
