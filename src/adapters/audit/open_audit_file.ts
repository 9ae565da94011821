import { dirname } from "node:path";
import { syncDirectory } from "#adapters/storage/files/mod.ts";

const NEWLINE = 0x0a;
const ENCODER = new TextEncoder(), BUFFER = new Uint8Array(65_536);

/** The file that audit lines go to at present. */
export class OpenAuditFile {
  readonly #file: Deno.FsFile;
  readonly #info: Deno.FileInfo;
  /** Puts on disk what has been appended until now; not begun. */
  #next: Promise<void> | undefined;
  #last: Promise<void> = Promise.resolve();
  readonly #path: string;
  #isNameOnDisk = false;

  private constructor(file: Deno.FsFile, path: string, readonly day: string) {
    this.#file = file;
    this.#path = path;
    this.#info = file.statSync();
  }

  /** Opens it or makes it, readable by its owner alone, and ends a last line that has no end. */
  static open(path: string, day: string): OpenAuditFile {
    const file = Deno.openSync(path, { read: true, append: true, create: true, mode: 0o600 });
    const open = new OpenAuditFile(file, path, day);
    if (open.#isTorn()) open.append("\n");
    return open;
  }

  is({ ino, dev }: Deno.FileInfo): boolean {
    return ino === this.#info.ino && dev === this.#info.dev;
  }

  /** Through one buffer for all: a new one for each call costs more than the write does. */
  append(text: string): void {
    for (let at = 0; at < text.length;) {
      const { read, written } = ENCODER.encodeInto(text.slice(at), BUFFER);
      for (let done = 0; done < written;) done += this.#file.writeSync(BUFFER.subarray(done, written));
      at += read;
    }
  }

  /** Resolves when all that was appended is on disk; calls that come while it is under way share the next way there. */
  sync(): Promise<void> {
    return this.#next ??= this.#last.catch(() => {}).then(() => {
      this.#next = undefined;
      return this.#last = this.#syncNow();
    });
  }

  /** Once nobody waits for sync() any more. */
  async close(): Promise<void> {
    await (this.#next ?? this.#last).catch(() => {});
    this.#file.close();
  }

  async #syncNow(): Promise<void> {
    await this.#file.syncData();
    if (this.#isNameOnDisk) return;
    await syncDirectory(dirname(this.#path));
    this.#isNameOnDisk = true;
  }

  /** Whether the last line has no end: a full disk, after which the file is opened anew, or a crash may have cut it. */
  #isTorn(): boolean {
    const { size } = this.#file.statSync();
    if (size === 0) return false;
    const last = new Uint8Array(1);
    this.#file.seekSync(-1, Deno.SeekMode.End);
    this.#file.readSync(last);
    return last[0] !== NEWLINE;
  }
}
