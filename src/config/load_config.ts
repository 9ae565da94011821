import { resolve } from "node:path";
import { messageOf } from "#errors/mod.ts";
import type { Config } from "./config.ts";
import { ConfigError } from "./config_error.ts";
import { parseSettings } from "./parse_settings.ts";
import { modeWarning, osText, readTextFile, type TextFile } from "./read_file.ts";
import { installDirOf, resolveConfig } from "./resolve_config.ts";
import { NO_SECRETS, readSecrets, type Secrets } from "./secrets.ts";
import type { RawConfig } from "./settings.ts";

/** Where runevault.conf is looked for without `--config`, in this order. */
export const DEFAULT_PATHS: readonly string[] = ["/opt/rune-vault/configs/runevault.conf", "./runevault.conf"];

const MAX_CONFIG_BYTES = 1024 * 1024;

export interface LoadOptions {
  /** The value of `--config`: this file and no other. */
  readonly path?: string;
  /** For tests. */
  readonly searchPaths?: readonly string[];
  /** False leaves all secrets empty and their files closed: a CLI command needs none. Default true. */
  readonly secrets?: boolean;
}

export interface LoadedConfig {
  /** The keys as they stand in the file; may hold inline secrets. */
  readonly raw: RawConfig;
  readonly config: Config;
}

/**
 * Finds, reads and resolves runevault.conf; the lookup order and every text are those of contract runevault.md 5.1.
 *
 * @throws {ConfigError} not found, unreadable, not what 5.2 allows, or an unreadable secret file.
 */
export async function loadConfig(options: LoadOptions = {}): Promise<LoadedConfig> {
  const searched = options.path === undefined ? options.searchPaths ?? DEFAULT_PATHS : [options.path];
  const { source, file } = await find(searched, options.path);
  const raw = parse(file.text, source, searched);
  const secrets = options.secrets === false
    ? { ...NO_SECRETS, hasApiKey: namesApiKey(raw) }
    : await readSecretsOf(raw, source, file.mode);
  return { raw, config: resolveConfig(raw, source, secrets) };
}

function namesApiKey(raw: RawConfig): boolean {
  return Boolean(raw["envector.api_key_file"] || raw["envector.api_key"]);
}

async function find(searched: readonly string[], given?: string): Promise<{ source: string; file: TextFile }> {
  for (const [i, candidate] of searched.entries()) {
    const source = resolve(candidate);
    try {
      return { source, file: await readTextFile(source, MAX_CONFIG_BYTES) };
    } catch (reason) {
      // The launcher permits the one file that it found: the places before that are empty.
      if (reason instanceof Deno.errors.NotCapable && i < searched.length - 1) continue;
      if (!(reason instanceof Deno.errors.NotFound)) throw new ConfigError(`read config ${source}: ${osText(reason)}`);
      if (given !== undefined) throw new ConfigError(`config file not found at --config ${given}: ${osText(reason)}`);
    }
  }
  throw new ConfigError(`config file not found (searched: ${searched.join(", ")})`);
}

function parse(text: string, source: string, searched: readonly string[]): RawConfig {
  try {
    return parseSettings(text);
  } catch (reason) {
    throw new ConfigError(`parse config ${source}: ${messageOf(reason)} (searched: ${searched.join(", ")})`);
  }
}

async function readSecretsOf(raw: RawConfig, source: string, mode: number): Promise<Secrets> {
  try {
    const secrets = await readSecrets(raw, installDirOf(source));
    const warning = modeWarning("runevault.conf", source, mode);
    return warning === undefined ? secrets : { ...secrets, warnings: [warning, ...secrets.warnings] };
  } catch (reason) {
    throw new ConfigError(`resolve config ${source}: ${messageOf(reason)}`);
  }
}
