import { osText } from "#config/read_file.ts";
import { VaultError } from "#errors/mod.ts";

/** What was to be written does not fit onto the disk, or the disk fails. */
export class DiskError extends VaultError {
  constructor(path: string, reason: unknown) {
    super("FAILED_PRECONDITION", `cannot write ${path}: ${osText(reason)}`, { cause: reason });
  }
}

/** A file that is written from its beginning; the operating system's own errors do not say on which disk there is no room. */
export class DiskFile {
  constructor(readonly path: string, readonly file: Deno.FsFile) {}

  /** @throws {DiskError} */
  async write(chunk: Uint8Array): Promise<void> {
    try {
      for (let written = 0; written < chunk.length;) written += await this.file.write(chunk.subarray(written));
    } catch (reason) {
      throw new DiskError(this.path, reason);
    }
  }

  /** @throws {DiskError} */
  async sync(): Promise<void> {
    try {
      await this.file.sync();
    } catch (reason) {
      throw new DiskError(this.path, reason);
    }
  }
}
