import { AwsKeys, openCredentials } from "#adapters/kms/aws/mod.ts";
import { DataKeyCache, LocalKeys, parseMasterKey } from "#domain/sealing/mod.ts";
import { messageOf, VaultError } from "#errors/mod.ts";
import { kmsAddress, type KmsConfig } from "#config/mod.ts";
import type { Clock } from "#ports/clock.ts";
import type { KeyEncryption } from "#ports/key_encryption.ts";
import type { Timer } from "#ports/timer.ts";

/** What the keys are opened with beside their settings. */
export interface KeySurroundings {
  readonly clock: Clock;
  readonly timer: Timer;
  /** Reads an environment variable; called before this resolves, never later. */
  readonly env: (name: string) => string | undefined;
}

/**
 * Opens the configured key-encryption keys; must run before the process is sealed. Those of a service stand behind the cache
 * of data keys; a key of our own unwraps as fast as a cache answers, and keeps no clear data key in memory.
 *
 * @throws {VaultError} INVALID_ARGUMENT, naming the setting, when a key is missing or no key: none is ever made up.
 */
export async function openKeyEncryption(settings: KmsConfig, surroundings: KeySurroundings): Promise<KeyEncryption> {
  if (settings.mode === "local") return openLocalKeys(settings);
  const keys = await openAwsKeys(settings, surroundings);
  const { clock, timer } = surroundings, { cacheSeconds: ttlSeconds, cacheEntries: maxKeys } = settings;
  return new DataKeyCache(keys, { clock, timer, ttlSeconds, maxKeys });
}

function openLocalKeys({ keyId, masterKey, previousKeys }: KmsConfig): KeyEncryption {
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

async function openAwsKeys(settings: KmsConfig, { clock, env }: KeySurroundings): Promise<KeyEncryption> {
  const { keyId, region, maxRetries, credentials: source, credentialsFile: file, profile } = settings;
  const credentials = openCredentials({ source, env, file, profile });
  const now = () => clock.monotonic();
  return await AwsKeys.open({ keyId, region, endpoint: endpointOf(settings), credentials, maxRetries, now });
}

/** The configured URL, or the region's own. */
function endpointOf(settings: KmsConfig): string {
  const address = kmsAddress(settings);
  return settings.endpoint || (address ? `https://${address.host}` : "");
}
