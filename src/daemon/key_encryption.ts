import { AwsKeys, type CredentialSource, openCredentials } from "#adapters/kms/aws/mod.ts";
import { LocalKeys } from "#adapters/kms/local/mod.ts";
import { DataKeyCache, parseMasterKey } from "#domain/sealing/mod.ts";
import { messageOf, VaultError } from "#errors/mod.ts";
import type { Clock } from "#ports/clock.ts";
import type { KeyEncryption } from "#ports/key_encryption.ts";

/** The key-encryption keys, as `secrets.kms` names them. */
export interface KeySettings {
  readonly mode: "local" | "aws";
  readonly keyId: string;
  /** Local: base64 of 32 bytes, `base64:` before it or not. */
  readonly masterKey: string;
  /** Local keys that only unwrap, by id, in the same form. */
  readonly previousKeys: Readonly<Record<string, string>>;
  readonly region: string;
  /** `https://…`: of the region, or of another place. */
  readonly endpoint: string;
  readonly maxRetries: number;
  readonly cacheSeconds: number;
  readonly cacheEntries: number;
  /** `environment` without. */
  readonly credentials?: CredentialSource;
  /** For credentials from a file. */
  readonly credentialsFile?: string;
  readonly profile?: string;
}

/** What the keys are opened with beside their settings. */
export interface KeySurroundings {
  readonly clock: Clock;
  /** Reads an environment variable; called before this resolves, never later. */
  readonly env: (name: string) => string | undefined;
}

/**
 * Opens the configured key-encryption keys behind the cache of data keys; must run before the process is sealed.
 *
 * @throws {VaultError} INVALID_ARGUMENT, naming the setting, when a key is missing or no key: none is ever made up.
 */
export async function openKeyEncryption(settings: KeySettings, { clock, env }: KeySurroundings): Promise<DataKeyCache> {
  const keys = settings.mode === "aws" ? await openAwsKeys(settings, env) : openLocalKeys(settings);
  return new DataKeyCache(keys, { clock, ttlSeconds: settings.cacheSeconds, maxKeys: settings.cacheEntries });
}

function openLocalKeys({ keyId, masterKey, previousKeys }: KeySettings): KeyEncryption {
  const keys = new Map<string, Uint8Array>();
  for (const [id, text] of Object.entries(previousKeys)) {
    keys.set(id, masterKeyOf(text, `secrets.kms.previous_keys.${id}`));
  }
  if (keys.has(keyId)) {
    throw new VaultError("INVALID_ARGUMENT", `secrets.kms.previous_keys names '${keyId}', the current key's id`);
  }
  keys.set(keyId, masterKeyOf(masterKey, "secrets.kms.master_key"));
  return new LocalKeys({ keyId, keys });
}

function masterKeyOf(text: string, setting: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  try {
    return parseMasterKey(bytes);
  } catch (reason) {
    throw new VaultError("INVALID_ARGUMENT", `${setting}: ${messageOf(reason)}`);
  } finally {
    bytes.fill(0);
  }
}

async function openAwsKeys(settings: KeySettings, env: KeySurroundings["env"]): Promise<KeyEncryption> {
  const { keyId, region, endpoint, maxRetries, credentials: source = "environment", credentialsFile, profile } =
    settings;
  const credentials = openCredentials({ source, env, file: credentialsFile, profile });
  return await AwsKeys.open({ keyId, region, endpoint, credentials, maxRetries });
}
