import { resolve } from "node:path";
import { ConfigError } from "./config_error.ts";
import { modeWarning, osText, readTextFile, type TextFile } from "./read_file.ts";
import type { RawConfig } from "./settings.ts";

const MAX_SECRET_BYTES = 64 * 1024;

export interface Secrets {
  readonly apiKey: string;
  /** That there is an API key, where it has not been read; absent: by `apiKey`. */
  readonly hasApiKey?: boolean;
  readonly teamSecret: string;
  /** Text of the key-encryption key. */
  readonly masterKey: string;
  /** Texts of former key-encryption keys, by id. */
  readonly previousKeys: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
}

/** As readTextFile(). */
export type ReadText = (path: string, maxBytes: number) => Promise<TextFile>;

export const NO_SECRETS: Secrets = { apiKey: "", teamSecret: "", masterKey: "", previousKeys: {}, warnings: [] };

const NAMES = ["envector.api_key", "tokens.team_secret", "secrets.kms.master_key"] as const;
const PREVIOUS_KEYS = "secrets.kms.previous_keys";

/** Every file that holds a secret, with the key that names it; paths are absolute. @param installDir As readSecrets(). */
export function secretFilesOf(raw: RawConfig, installDir: string): { label: string; path: string }[] {
  const named = NAMES.map((name) => [`${name}_file`, raw[`${name}_file`]] as const);
  const previous = Object.entries(raw[PREVIOUS_KEYS] ?? {}).map(([id, file], i) =>
    [previousKeyLabel(id, i), file] as const
  );
  return [...named, ...previous].flatMap(([label, file]) => file ? [{ label, path: resolve(installDir, file) }] : []);
}

/**
 * The secrets; a `*_file` wins over the inline value (contract runevault.md 5.4).
 *
 * @param installDir What a relative path is resolved against.
 * @param read Of the disk without; of a backup, a file in it.
 * @throws {ConfigError} when a secret file cannot be read.
 */
export async function readSecrets(raw: RawConfig, installDir: string, read: ReadText = readTextFile): Promise<Secrets> {
  const files = new Map<string, string>(), warnings: string[] = [];
  for (const { label, path } of secretFilesOf(raw, installDir)) {
    const { value, warning } = await readSecretFile(label, path, read);
    files.set(label, value);
    if (warning) warnings.push(warning);
  }
  const secret = (name: (typeof NAMES)[number]) => files.get(`${name}_file`) ?? raw[name] ?? "";
  const previousIds = Object.keys(raw[PREVIOUS_KEYS] ?? {});
  return {
    apiKey: secret("envector.api_key"),
    teamSecret: secret("tokens.team_secret"),
    masterKey: secret("secrets.kms.master_key"),
    previousKeys: Object.fromEntries(previousIds.map((id, i) => [id, files.get(previousKeyLabel(id, i)) ?? ""])),
    warnings,
  };
}

/** What messages call a former key: by its id, or by its place where the id might be a key that somebody misplaced. */
export function previousKeyLabel(id: string, index: number): string {
  return PREVIOUS_KEYS + (/^[A-Za-z0-9._-]{1,32}$/.test(id) ? `.${id}` : `[${index}]`);
}

/** Trailing newlines are an editor's, all else is the secret's. */
async function readSecretFile(
  label: string,
  path: string,
  read: ReadText,
): Promise<{ value: string; warning?: string }> {
  try {
    const { text, mode } = await read(path, MAX_SECRET_BYTES);
    return { value: text.replace(/[\r\n]+$/, ""), warning: modeWarning(label, path, mode) };
  } catch (reason) {
    throw new ConfigError(`read ${label} ${path}: ${osText(reason)}`);
  }
}
