import { VaultError } from "#errors/mod.ts";
import type { KeyEncryption } from "#ports/key_encryption.ts";
import type { SecretStore } from "#ports/secret_store.ts";

/** Stored versions that are tried: one may be damaged, so many are not. */
const TRIED = 16;

/**
 * Checks that the configured master key is the one that the stored values are sealed with. Another key of the same id
 * would open none of them, and what it seals would be lost as soon as the mistake is mended.
 *
 * @throws {VaultError} FAILED_PRECONDITION.
 */
export async function checkMasterKey(keys: KeyEncryption, store: SecretStore): Promise<void> {
  let refused = 0;
  for (const { record } of await store.scanVersions(TRIED)) {
    if ("damage" in record || record.sealed.keyId !== keys.keyId) continue;
    const { name, version, sealed: { keyId, wrappedKey } } = record;
    try {
      const dataKey = await keys.unwrap({ keyId, wrapped: wrappedKey }, { secret: name, version });
      dataKey.fill(0);
      return;
    } catch {
      refused += 1;
    }
  }
  if (refused === 0) return;
  throw new VaultError(
    "FAILED_PRECONDITION",
    `secrets.kms.master_key is not the key '${keys.keyId}' that the stored secrets are sealed with: ` +
      "give that key, or this one another secrets.kms.key_id and that one a file in secrets.kms.previous_keys",
  );
}
