import { dirname } from "node:path";
import process from "node:process";
import { setImmediate } from "node:timers";
import { messageOf } from "#errors/mod.ts";
import type { AuditSink } from "#ports/audit_sink.ts";
import type { Clock } from "#ports/clock.ts";
import { rotatedFiles } from "./audit_files.ts";
import { OpenAuditFile } from "./open_audit_file.ts";

const MAX_NAME_TRIES = 1000;

/** Lines that are written together. */
class Batch {
  text = "";
  readonly written = Promise.withResolvers<OpenAuditFile>();
  /** What is to write it, whichever comes first. */
  later: unknown;
  isDueSoon = false;
}

/**
 * Audit lines in a file that is rotated at midnight UTC to `<path>.YYYY-MM-DD`; the newest `retention` of those are kept.
 * The file is found by its path again with every write, so that one moved or removed by hand is replaced at once.
 */
export class FileSink implements AuditSink {
  readonly #path: string;
  readonly #retention: number;
  readonly #clock: Clock;
  #batch: Batch | undefined;
  #open: OpenAuditFile | undefined;

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

  /**
   * Lines that wait together share a look at the path and a write: for a durable one, whose caller waits for the disk
   * anyway, those of a turn of the event loop; for any other, those of one callback.
   */
  async write(line: string, isDurable = false): Promise<void> {
    const batch = this.#batch ??= new Batch();
    batch.text += `${line}\n`;
    if (isDurable) batch.later ??= setImmediate(() => this.#flush(batch));
    else if (!batch.isDueSoon) {
      batch.isDueSoon = true;
      process.nextTick(() => this.#flush(batch));
    }
    const file = await batch.written.promise;
    if (isDurable) await this.#sync(file);
  }

  async close(): Promise<void> {
    await this.#batch?.written.promise.catch(() => {}); // whoever waits for the line is told
    await this.#release();
  }

  #flush(batch: Batch): void {
    if (this.#batch !== batch) return;
    this.#batch = undefined;
    try {
      batch.written.resolve(this.#append(batch.text));
    } catch (reason) {
      batch.written.reject(reason);
    }
  }

  /**
   * Synchronous throughout: a line goes to the page cache in some 10 µs, while each trip to the thread pool and back
   * takes several times as long, and the call that is audited waits for it.
   */
  #append(text: string): OpenAuditFile {
    try {
      const open = this.#currentFile();
      open.append(text);
      return open;
    } catch (reason) {
      this.#release();
      throw this.#error(reason);
    }
  }

  async #sync(file: OpenAuditFile): Promise<void> {
    try {
      await file.sync();
    } catch (reason) {
      if (file === this.#open) this.#release();
      throw this.#error(reason);
    }
  }

  #error(reason: unknown): Error {
    return new Error(`cannot write ${this.#path}: ${messageOf(reason)}`);
  }

  #currentFile(): OpenAuditFile {
    const today = new Date(this.#clock.now()).toISOString().slice(0, 10);
    const named = statIfAny(this.#path);
    const inPlace = this.#open !== undefined && named !== undefined && this.#open.is(named);
    if (this.#open && inPlace && this.#open.day >= today) return this.#open;
    const lastDay = inPlace ? this.#open!.day : named?.mtime?.toISOString().slice(0, 10);
    this.#release();
    if (lastDay !== undefined && lastDay < today) this.#rotate(lastDay);
    return this.#open = OpenAuditFile.open(this.#path, today);
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

  async #release(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.close();
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
