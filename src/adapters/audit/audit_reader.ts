import { messageOf } from "#errors/mod.ts";
import { rotatedFiles } from "./audit_files.ts";

const CHUNK_BYTES = 64 * 1024;
const POLL_MS = 100;

export interface ReadOptions {
  /** Leaves out files whose last entry is of an earlier UTC day, `YYYY-MM-DD`. */
  readonly sinceDay?: string;
  /** Goes on with what is written from now on, through rotations, and never ends. */
  readonly follow?: boolean;
}

/**
 * The lines of an audit log, rotated files included, oldest first, while the daemon may be writing and rotating.
 *
 * @throws {Error} when there is no file at all, or one cannot be read.
 */
export async function* auditLines(path: string, { sinceDay = "", follow = false }: ReadOptions = {}) {
  // Opened before the others are listed: rotated away meanwhile, it is still this file, and is not read twice.
  let current = await LineFile.open(path);
  try {
    const rotated = rotatedFiles(path);
    if (!current && rotated.length === 0 && !follow) throw new Error(`no audit log at ${path}`);
    for (const older of rotated) {
      if (older.day < sinceDay || await current?.isAt(older.path)) continue;
      using file = await LineFile.open(older.path);
      if (file) yield* file.lines({ last: true });
    }
    if (current) yield* current.lines({ last: !follow });
    while (follow) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      const moved = current && !await current.isAt(path);
      if (current) yield* current.lines({ last: moved });
      if (moved) current?.[Symbol.dispose]();
      if (moved || !current) current = await LineFile.open(path);
    }
  } finally {
    current?.[Symbol.dispose]();
  }
}

/** An open file of lines that may still grow. */
class LineFile implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #decoder = new TextDecoder();
  #rest = "";

  private constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /** Undefined when there is no such file. */
  static async open(path: string): Promise<LineFile | undefined> {
    try {
      return new LineFile(await Deno.open(path));
    } catch (reason) {
      if (reason instanceof Deno.errors.NotFound) return undefined;
      throw new Error(`cannot read ${path}: ${messageOf(reason)}`);
    }
  }

  /** What has come since the last call; with `last` also what no newline ends, as a crash may leave it. */
  async *lines({ last = false } = {}): AsyncGenerator<string> {
    const buffer = new Uint8Array(CHUNK_BYTES);
    for (let length = await this.#file.read(buffer); length !== null; length = await this.#file.read(buffer)) {
      const lines = (this.#rest + this.#decoder.decode(buffer.subarray(0, length), { stream: true })).split("\n");
      this.#rest = lines.pop()!;
      yield* lines;
    }
    if (last && this.#rest !== "") yield this.#rest;
  }

  async isAt(path: string): Promise<boolean> {
    try {
      const [named, opened] = await Promise.all([Deno.stat(path), this.#file.stat()]);
      return named.ino === opened.ino && named.dev === opened.dev;
    } catch (reason) {
      if (reason instanceof Deno.errors.NotFound) return false;
      throw reason;
    }
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}
