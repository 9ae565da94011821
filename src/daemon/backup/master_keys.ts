import { archivePathOf, type LoadedConfig, readSecrets, resolveConfig } from "#config/mod.ts";
import { EnvelopeSealer, LocalKeys, parseMasterKey } from "#domain/sealing/mod.ts";
import { messageOf, PayloadError } from "#errors/mod.ts";
import type { StoredVersion } from "#ports/secret_store.ts";

/** A key-encryption key that values in a backup's store are sealed with. */
export interface MasterKeyCheck {
  readonly keyId: string;
  /** Whether it opened a value; else it is not in the backup. */
  readonly isOpened: boolean;
}

/** Of every secret file in a backup, as readBackup() has checked. */
const PRIVATE = 0o600;
const WAY_OUT = "back up again a vault that can read its secrets";

/**
 * Opens a value of each key-encryption key with the local master keys in a backup.
 *
 * @param samples A version of each key.
 * @param files The backup's secret files, by their path in it.
 * @throws {PayloadError} naming the key that is none, or does not open its value; {ConfigError} for a file of no use.
 */
export async function checkBackupKeys(
  samples: readonly StoredVersion[],
  loaded: LoadedConfig,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<MasterKeyCheck[]> {
  const texts = await masterKeyTexts(loaded, files);
  const checks: MasterKeyCheck[] = [];
  for (const sample of samples) {
    const { keyId } = sample.sealed, text = texts.get(keyId);
    if (text !== undefined) await open(sample, text);
    checks.push({ keyId, isOpened: text !== undefined });
  }
  return checks;
}

/** The local master keys of a backup, by id; none where a key service has them. */
async function masterKeyTexts(
  { raw, config }: LoadedConfig,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<Map<string, string>> {
  if (config.secrets?.kms.mode !== "local") return new Map();
  const read = (path: string) => Promise.try(() => textIn(files, archivePathOf(path, config)));
  const secrets = await readSecrets(raw, config.installDir, read);
  const { keyId, masterKey, previousKeys } = resolveConfig(raw, config.source, secrets).secrets!.kms;
  const isThere = (raw["secrets.kms.master_key_file"] ?? raw["secrets.kms.master_key"]) !== undefined;
  return new Map([...Object.entries(previousKeys), ...(isThere ? [[keyId, masterKey] as const] : [])]);
}

/** As readTextFile() reads it from a disk. */
function textIn(files: ReadonlyMap<string, Uint8Array>, path: string): { text: string; mode: number } {
  const bytes = files.get(path);
  if (!bytes) throw new RangeError("too large for a secret");
  return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), mode: PRIVATE };
}

async function open({ name, version, sealed }: StoredVersion, text: string): Promise<void> {
  const { keyId } = sealed;
  const keys = new LocalKeys({ keyId, keys: new Map([[keyId, masterKeyIn(text, keyId)]]) });
  try {
    (await new EnvelopeSealer({ keys }).open(name, version, sealed)).fill(0);
  } catch (reason) {
    const why = `the master key '${keyId}' in it does not open the store: ${messageOf(reason)}`;
    throw new PayloadError(`${why} (${WAY_OUT})`, { cause: reason });
  } finally {
    await keys.close();
  }
}

/** parseMasterKey() says how to make one, which would open nothing. */
function masterKeyIn(text: string, keyId: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  try {
    return parseMasterKey(bytes);
  } catch {
    throw new PayloadError(`the master key '${keyId}' in it is none, so that nothing opens the store (${WAY_OUT})`);
  } finally {
    bytes.fill(0);
  }
}
