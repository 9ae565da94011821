import { dirname, join } from "node:path";
import { syncDirectory } from "#adapters/storage/files/mod.ts";
import type { ManifestFile } from "#domain/backup/mod.ts";
import type { BackupSink } from "./read_backup.ts";

/** Writes files below a directory: directories 0700, files with their own mode, each one on disk before it counts. */
export class TreeWriter implements BackupSink {
  readonly #directories = new Set<string>();

  /** @param root An existing, empty directory. */
  constructor(readonly root: string) {
    this.#directories.add(root);
  }

  async write({ path, mode }: ManifestFile, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const target = join(this.root, path);
    await this.#makeFolder(dirname(target));
    using file = await Deno.open(target, { write: true, createNew: true, mode: 0o600 });
    for await (const chunk of chunks) {
      for (let written = 0; written < chunk.length;) written += await file.write(chunk.subarray(written));
    }
    await Deno.chmod(target, mode); // whatever the umask is
    await file.sync();
  }

  /** Makes all names that were given survive a power cut, those in folders that others wrote into too. */
  async sync(): Promise<void> {
    for (const directory of this.#directories) await syncDirectory(directory);
  }

  async #makeFolder(folder: string): Promise<void> {
    if (this.#directories.has(folder)) return;
    await this.#makeFolder(dirname(folder));
    await Deno.mkdir(folder, { mode: 0o700 });
    this.#directories.add(folder);
  }
}
