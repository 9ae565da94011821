import { LocalKeys } from "#adapters/kms/local/mod.ts";
import type { KmsConfig } from "#config/mod.ts";
import { DataKeyCache, parseMasterKey } from "#domain/sealing/mod.ts";
import { messageOf, VaultError } from "#errors/mod.ts";
import type { Clock } from "#ports/clock.ts";
import type { KeyEncryption } from "#ports/key_encryption.ts";

/**
 * Opens the configured key-encryption keys; a remote service is not asked anything yet.
 *
 * @throws {VaultError} FAILED_PRECONDITION naming the key of the configuration that is not right.
 */
export async function openKeyEncryption(kms: KmsConfig, clock: Clock): Promise<DataKeyCache> {
  const keys = kms.mode === "aws" ? await openAwsKeys(kms) : openLocalKeys(kms);
  return new DataKeyCache(keys, { clock, ttlSeconds: kms.cacheSeconds, maxKeys: kms.cacheEntries });
}

function openLocalKeys({ keyId, masterKey, previousKeys }: KmsConfig): KeyEncryption {
  const keys = new Map([[keyId, parseNamed("secrets.kms.master_key", masterKey)]]);
  for (const [id, text] of Object.entries(previousKeys)) {
    keys.set(id, parseNamed(`secrets.kms.previous_keys.${id}`, text));
  }
  return new LocalKeys({ keyId, keys });
}

function parseNamed(name: string, text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  try {
    return parseMasterKey(bytes);
  } catch (reason) {
    throw new VaultError("FAILED_PRECONDITION", `${name}: ${messageOf(reason)}`);
  } finally {
    bytes.fill(0);
  }
}

/** The SDK is loaded here and nowhere else. */
async function openAwsKeys({ keyId, region, endpoint, maxRetries }: KmsConfig): Promise<KeyEncryption> {
  const { AwsKeys, openCredentials } = await import("#adapters/kms/aws/mod.ts");
  try {
    const credentials = openCredentials({ source: "environment", env: (name) => Deno.env.get(name) });
    return await AwsKeys.open({ keyId, region, endpoint: endpoint || undefined, credentials, maxRetries });
  } catch (reason) {
    throw new VaultError("FAILED_PRECONDITION", `secrets.kms: ${messageOf(reason)}`);
  }
}
