import type { AgeKey } from "#adapters/archive/mod.ts";
import { checkStoreContent, MAX_STORE_CONTENT } from "#adapters/storage/sqlite/mod.ts";
import type { Place } from "#config/mod.ts";
import type { ManifestFile } from "#domain/backup/mod.ts";
import { messageOf, PayloadError } from "#errors/mod.ts";
import { type BackupSink, type ReadBackup, readBackup } from "./read_backup.ts";

export interface VerifiedBackup extends ReadBackup {
  /** Whether every record of the secrets' store was read; undefined where there is none. */
  readonly records?: "checked" | "too large";
}

/**
 * Opens a backup and checks all of it as a restore does, the records of the secrets' store too; nothing reaches the disk.
 *
 * @throws {PayloadError} naming the backup and what is wrong; quotes nothing of it but names.
 */
export async function verifyBackup(path: string, key: AgeKey): Promise<VerifiedBackup> {
  const store = new StoreCheck();
  return { ...await readBackup(path, key, store), records: store.records };
}

class StoreCheck implements BackupSink {
  records: VerifiedBackup["records"];

  async write({ path, size }: ManifestFile, chunks: AsyncIterable<Uint8Array>, kind: Place["kind"]): Promise<void> {
    const isKept = kind === "store" && size <= MAX_STORE_CONTENT;
    const content = new Uint8Array(isKept ? size : 0);
    let length = 0;
    for await (const chunk of chunks) {
      if (isKept) content.set(chunk, length);
      length += chunk.length;
    }
    if (kind !== "store") return;
    this.records = isKept ? "checked" : "too large";
    if (!isKept) return;
    try {
      checkStoreContent(content);
    } catch (reason) {
      throw new PayloadError(`${path}: ${messageOf(reason)}`, { cause: reason });
    }
  }
}
