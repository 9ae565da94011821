import { VaultError } from "#errors/mod.ts";
import type { KeyEncryption } from "#ports/key_encryption.ts";
import type { Log } from "#ports/log.ts";
import type { SecretStore, StoredVersion } from "#ports/secret_store.ts";

/** Stored versions that are tried of each key: one may be damaged, so many are not. */
const TRIED = 16;

/**
 * Checks that the configured master keys, the current one and the previous ones, are those that the stored values are
 * sealed with. Another key of the same id would open none of them, and what it seals would be lost as soon as the mistake
 * is mended.
 *
 * @param log Is told of keys that stored values need and the configuration does not have.
 * @throws {VaultError} FAILED_PRECONDITION, naming the key.
 */
export async function checkMasterKeys(keys: KeyEncryption, store: SecretStore, log: Log): Promise<void> {
  const whole = (await store.sampleWrappings(TRIED)).flatMap((record) => "damage" in record ? [] : [record]);
  for (const [keyId, versions] of Map.groupBy(whole, ({ sealed }) => sealed.keyId)) {
    const found = await tryAll(keys, versions);
    if (found === "another") throw wrongKey(keyId, keyId === keys.keyId);
    if (found === "absent") {
      const text =
        `secrets: values are sealed with the master key '${keyId}', which is not configured: they cannot be ` +
        "read until secrets.kms.previous_keys names its file";
      log("warn", text);
    }
  }
}

/** `another` when the key opens none of them. */
async function tryAll(
  keys: KeyEncryption,
  versions: readonly StoredVersion[],
): Promise<"right" | "another" | "absent"> {
  for (const { name, version, sealed: { keyId, wrappedKey } } of versions) {
    try {
      const dataKey = await keys.unwrap({ keyId, wrapped: wrappedKey }, { secret: name, version });
      dataKey.fill(0);
      return "right";
    } catch (reason) {
      if (reason instanceof VaultError && reason.code === "UNAVAILABLE") return "absent";
    }
  }
  return "another";
}

function wrongKey(keyId: string, isCurrent: boolean): VaultError {
  const text = isCurrent
    ? `secrets.kms.master_key is not the key '${keyId}' that the stored secrets are sealed with: ` +
      "give that key, or this one another secrets.kms.key_id and that one a file in secrets.kms.previous_keys"
    : `secrets.kms.previous_keys: the key '${keyId}' is not the one that stored secrets are sealed with: give that key`;
  return new VaultError("FAILED_PRECONDITION", text);
}
