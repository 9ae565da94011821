import { resolve } from "node:path";
import { ConfigError } from "./config_error.ts";
import { modeWarning, osText, readTextFile } from "./read_file.ts";
import type { RawConfig } from "./settings.ts";

const MAX_SECRET_BYTES = 64 * 1024;

export interface Secrets {
  readonly apiKey: string;
  /** That there is an API key, where it has not been read; absent: by `apiKey`. */
  readonly hasApiKey?: boolean;
  readonly teamSecret: string;
  readonly warnings: readonly string[];
}

/**
 * The two secrets; a `*_file` wins over the inline value (contract runevault.md 5.4).
 *
 * @param installDir What a relative path is resolved against.
 * @throws {ConfigError} when a secret file cannot be read.
 */
export async function readSecrets(raw: RawConfig, installDir: string): Promise<Secrets> {
  const warnings: string[] = [];
  const read = async (name: "envector.api_key" | "tokens.team_secret") => {
    const file = raw[`${name}_file`];
    if (!file) return raw[name] ?? "";
    const path = resolve(installDir, file);
    const secret = await readSecretFile(`${name}_file`, path);
    if (secret.warning) warnings.push(secret.warning);
    return secret.value;
  };
  return { apiKey: await read("envector.api_key"), teamSecret: await read("tokens.team_secret"), warnings };
}

/** Trailing newlines are an editor's, all else is the secret's. */
async function readSecretFile(label: string, path: string): Promise<{ value: string; warning?: string }> {
  try {
    const { text, mode } = await readTextFile(path, MAX_SECRET_BYTES);
    return { value: text.replace(/[\r\n]+$/, ""), warning: modeWarning(label, path, mode) };
  } catch (reason) {
    throw new ConfigError(`read ${label} ${path}: ${osText(reason)}`);
  }
}
