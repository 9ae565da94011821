import type { Secrets } from "./secrets.ts";
import type { KmsConfig, SecretsConfig } from "./secrets_config.ts";
import type { RawConfig } from "./settings.ts";

/**
 * The section `secrets` with its defaults; nothing without it.
 *
 * @param inInstallDir Makes a path absolute, or its fallback where it is absent.
 */
export function resolveSecrets(
  raw: RawConfig,
  inInstallDir: (value: string | undefined, fallback: string) => string,
  secrets: Secrets,
): { secrets?: SecretsConfig } {
  if (!raw.secrets) return {};
  const section: SecretsConfig = {
    database: inInstallDir(raw["secrets.database"], "secrets-store/secrets.db"),
    policiesFile: inInstallDir(raw["secrets.policies_file"], "configs/policies.yml"),
    cipher: raw["secrets.cipher"] ?? "xchacha20-poly1305",
    keepVersions: raw["secrets.keep_versions"] ?? 10,
    allowedIps: raw["secrets.allowed_ips"] ?? [],
    trustProxy: raw["secrets.trust_proxy"] ?? [],
    rotationPollSeconds: raw["secrets.rotation_poll_seconds"] ?? 15,
    lockout: {
      maxFailures: raw["secrets.lockout.max_failures"] ?? 5,
      windowSeconds: raw["secrets.lockout.window_seconds"] ?? 300,
      lockoutSeconds: raw["secrets.lockout.lockout_seconds"] ?? 900,
    },
    kms: resolveKms(raw, inInstallDir, secrets),
    rewrap: {
      enable: raw["secrets.rewrap.enable"] ?? false,
      pollSeconds: raw["secrets.rewrap.poll_seconds"] ?? 86_400,
      maxPerSecond: raw["secrets.rewrap.max_per_second"] ?? 10,
    },
  };
  return { secrets: section };
}

function resolveKms(
  raw: RawConfig,
  inInstallDir: (value: string | undefined, fallback: string) => string,
  { masterKey, previousKeys }: Secrets,
): KmsConfig {
  const mode = raw["secrets.kms.mode"] ?? "local";
  return {
    mode,
    keyId: raw["secrets.kms.key_id"] ?? (mode === "local" ? "local" : ""),
    masterKey,
    previousKeys,
    region: raw["secrets.kms.region"] ?? "",
    endpoint: raw["secrets.kms.endpoint"] ?? "",
    credentials: raw["secrets.kms.credentials"] ?? "environment",
    credentialsFile: inInstallDir(raw["secrets.kms.credentials_file"], ""),
    profile: raw["secrets.kms.profile"] ?? "default",
    maxRetries: raw["secrets.kms.max_retries"] ?? 5,
    cacheSeconds: raw["secrets.kms.cache_seconds"] ?? 300,
    cacheEntries: raw["secrets.kms.cache_entries"] ?? 16_384,
  };
}
