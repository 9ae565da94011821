import type { Config } from "./config.ts";
import type { KmsConfig } from "./secrets_config.ts";
import type { RawConfig } from "./settings.ts";

const REDACTED = "[REDACTED]";

/** A copy fit for a log: secrets become `[REDACTED]`, an empty one stays empty, so that "not set" can be told from "set". */
export function redact(config: Config): Config {
  return {
    ...config,
    envector: { ...config.envector, apiKey: hide(config.envector.apiKey) },
    tokens: { ...config.tokens, teamSecret: hide(config.tokens.teamSecret) },
    ...(config.secrets && { secrets: { ...config.secrets, kms: redactKms(config.secrets.kms) } }),
  };
}

function redactKms(kms: KmsConfig): KmsConfig {
  const previous = Object.entries(kms.previousKeys).map(([id, key]) => [id, hide(key)]);
  return { ...kms, masterKey: hide(kms.masterKey), previousKeys: Object.fromEntries(previous) };
}

/** The same for the file's own keys; the four fields of contract runevault.md 5.4, and the master key likewise. */
export function redactRaw(raw: RawConfig): RawConfig {
  const secret = [
    "envector.api_key",
    "envector.api_key_file",
    "tokens.team_secret",
    "tokens.team_secret_file",
    "secrets.kms.master_key",
    "secrets.kms.master_key_file",
  ] as const;
  const present = secret.filter((name) => raw[name] !== undefined);
  return { ...raw, ...Object.fromEntries(present.map((name) => [name, hide(raw[name]!)])) };
}

function hide(secret: string): string {
  return secret === "" ? "" : REDACTED;
}
