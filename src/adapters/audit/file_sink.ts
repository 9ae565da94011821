import { dirname } from "node:path";
import { setImmediate } from "node:timers";
import { messageOf } from "#errors/mod.ts";
import type { AuditSink } from "#ports/audit_sink.ts";
import type { Clock } from "#ports/clock.ts";
import { rotatedFiles } from "./audit_files.ts";

const MAX_NAME_TRIES = 1000;
const NEWLINE = 0x0a;
const ENCODER = new TextEncoder(), BUFFER = new Uint8Array(65_536);

/**
 * Audit lines in a file that is rotated at midnight UTC to `<path>.YYYY-MM-DD`; the newest `retention` of those are kept.
 * The file is found by its path again with every write, so that one moved or removed by hand is replaced at once.
 */
export class FileSink implements AuditSink {
  readonly #path: string;
  readonly #retention: number;
  readonly #clock: Clock;
  #waiting = "";
  #flushed: Promise<void> | undefined;
  #open: { file: Deno.FsFile; day: string; ino: number | null; dev: number } | undefined;

  constructor({ path, retention, clock }: { path: string; retention: number; clock: Clock }) {
    this.#path = path;
    this.#retention = retention;
    this.#clock = clock;
  }

  /** Creates the directory and opens the file, so that a bad path stops the start and not the first call. */
  async prepare(): Promise<void> {
    await Deno.mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    this.#append("");
  }

  /** Lines that come in one turn of the event loop share a look at the path and a write. */
  write(line: string): Promise<void> {
    this.#waiting += `${line}\n`;
    return this.#flushed ??= this.#flush();
  }

  async close(): Promise<void> {
    await this.#flushed?.catch(() => {}); // whoever waits for the line is told
    this.#release();
  }

  async #flush(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    const text = this.#waiting;
    this.#waiting = "";
    this.#flushed = undefined;
    this.#append(text);
  }

  /**
   * Synchronous throughout: a line goes to the page cache in some 10 µs, while each trip to the thread pool and back
   * takes several times as long, and the call that is audited waits for it.
   */
  #append(text: string): void {
    try {
      writeAll(this.#currentFile(), text);
    } catch (reason) {
      this.#release();
      throw new Error(`cannot write ${this.#path}: ${messageOf(reason)}`);
    }
  }

  #currentFile(): Deno.FsFile {
    const today = new Date(this.#clock.now()).toISOString().slice(0, 10);
    const named = statIfAny(this.#path);
    const inPlace = this.#open !== undefined && named?.ino === this.#open.ino && named.dev === this.#open.dev;
    if (this.#open && inPlace && this.#open.day >= today) return this.#open.file;
    const lastDay = inPlace ? this.#open!.day : named?.mtime?.toISOString().slice(0, 10);
    this.#release();
    if (lastDay !== undefined && lastDay < today) this.#rotate(lastDay);
    const file = Deno.openSync(this.#path, { read: true, append: true, create: true, mode: 0o600 });
    const { ino, dev } = file.statSync();
    this.#open = { file, day: today, ino, dev };
    if (isTorn(file)) writeAll(file, "\n");
    return file;
  }

  /** Moves the file of an earlier day out of the way, also one that an earlier daemon left. */
  #rotate(day: string): void {
    Deno.renameSync(this.#path, this.#freeName(`${this.#path}.${day}`));
    this.#dropOldest();
  }

  #freeName(name: string): string {
    for (let i = 1; i < MAX_NAME_TRIES; i++) {
      const candidate = i === 1 ? name : `${name}.${i}`;
      if (statIfAny(candidate) === undefined) return candidate;
    }
    throw new Error(`cannot rotate ${this.#path}: ${name} and its numbered successors all exist`);
  }

  #dropOldest(): void {
    const rotated = rotatedFiles(this.#path);
    for (const { path } of rotated.slice(0, Math.max(0, rotated.length - this.#retention))) Deno.removeSync(path);
  }

  #release(): void {
    this.#open?.file.close();
    this.#open = undefined;
  }
}

/** Whether the last line has no end: a full disk, which releases the file, or a crash may have cut it. */
function isTorn(file: Deno.FsFile): boolean {
  if (file.statSync().size === 0) return false;
  const last = new Uint8Array(1);
  file.seekSync(-1, Deno.SeekMode.End);
  file.readSync(last);
  return last[0] !== NEWLINE;
}

/** Through one buffer for all: a new one for each write costs several times what the write does. */
function writeAll(file: Deno.FsFile, text: string): void {
  for (let at = 0; at < text.length;) {
    const { read, written } = ENCODER.encodeInto(text.slice(at), BUFFER);
    for (let done = 0; done < written;) done += file.writeSync(BUFFER.subarray(done, written));
    at += read;
  }
}

function statIfAny(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (reason) {
    if (reason instanceof Deno.errors.NotFound) return undefined;
    throw reason;
  }
}
