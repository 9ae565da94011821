import type { AgeKey } from "#adapters/archive/mod.ts";
import { checkStoreContent, MAX_STORE_CONTENT } from "#adapters/storage/sqlite/mod.ts";
import type { Place } from "#config/mod.ts";
import type { ManifestFile } from "#domain/backup/mod.ts";
import { messageOf, PayloadError } from "#errors/mod.ts";
import type { StoredVersion } from "#ports/secret_store.ts";
import { checkBackupKeys, type MasterKeyCheck } from "./master_keys.ts";
import { type BackupSink, type ReadBackup, readBackup } from "./read_backup.ts";

export interface VerifiedBackup extends ReadBackup {
  /** Whether every record of the secrets' store was read; undefined where there is none. */
  readonly records?: "checked" | "too large";
  /** The keys that the records are sealed with; none where no record was read. */
  readonly masterKeys: readonly MasterKeyCheck[];
}

/** Of all secret files together; larger ones are of no vault. */
const MAX_SECRETS = 1024 * 1024;

/**
 * Opens a backup and checks all of it as a restore does, the records of the secrets' store too, and that its master keys
 * open them; nothing reaches the disk.
 *
 * @throws {PayloadError} naming the backup and what is wrong; quotes nothing of it but names.
 */
export async function verifyBackup(path: string, key: AgeKey): Promise<VerifiedBackup> {
  using check = new ContentCheck();
  const read = await readBackup(path, key, check);
  try {
    const masterKeys = await checkBackupKeys(check.samples, read, check.secrets);
    return { ...read, records: check.records, masterKeys };
  } catch (reason) {
    throw new PayloadError(`${path}: ${messageOf(reason)}`, { cause: reason });
  }
}

/** Reads the store, and keeps what is needed to open it. */
class ContentCheck implements BackupSink, Disposable {
  records: VerifiedBackup["records"];
  samples: readonly StoredVersion[] = [];
  /** Secret files by their path in the backup. */
  readonly secrets = new Map<string, Uint8Array>();
  #left = MAX_SECRETS;

  async write(file: ManifestFile, chunks: AsyncIterable<Uint8Array>, kind: Place["kind"]): Promise<void> {
    if (kind === "store") await this.#check(file, chunks);
    else if (kind === "secret") await this.#keep(file, chunks);
    else for await (const _ of chunks);
  }

  [Symbol.dispose](): void {
    for (const bytes of this.secrets.values()) bytes.fill(0);
  }

  async #check(file: ManifestFile, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const content = await contentOf(file, chunks, MAX_STORE_CONTENT);
    this.records = content ? "checked" : "too large";
    if (!content) return;
    try {
      this.samples = checkStoreContent(content);
    } catch (reason) {
      throw new PayloadError(`${file.path}: ${messageOf(reason)}`, { cause: reason });
    }
  }

  async #keep(file: ManifestFile, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const content = await contentOf(file, chunks, this.#left);
    if (!content) return;
    this.secrets.set(file.path, content);
    this.#left -= content.length;
  }
}

/** Undefined for a larger file, which is read all the same. */
async function contentOf(
  { size }: ManifestFile,
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  const isKept = size <= maxBytes;
  const content = new Uint8Array(isKept ? size : 0);
  let length = 0;
  for await (const chunk of chunks) {
    if (isKept) content.set(chunk, length);
    length += chunk.length;
  }
  return isKept ? content : undefined;
}
