import { basename, dirname, join } from "node:path";
import type { AuditSink } from "#ports/audit_sink.ts";
import type { Clock } from "#ports/clock.ts";
import { LineWriter } from "./line_writer.ts";

const MAX_NAME_TRIES = 1000;

/**
 * Audit lines in a file that is rotated at midnight UTC to `<path>.YYYY-MM-DD`; the newest `retention` of those are kept.
 * The file is found by its path again with every write, so that one moved or removed by hand is replaced at once.
 */
export class FileSink implements AuditSink {
  readonly #writer = new LineWriter((text) => this.#append(text));
  readonly #path: string;
  readonly #retention: number;
  readonly #clock: Clock;
  #open: { file: Deno.FsFile; day: string } | undefined;

  constructor({ path, retention, clock }: { path: string; retention: number; clock: Clock }) {
    this.#path = path;
    this.#retention = retention;
    this.#clock = clock;
  }

  /** Creates the directory and opens the file, so that a bad path stops the start and not the first call. */
  async prepare(): Promise<void> {
    await Deno.mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    await this.#append("");
  }

  write(line: string): Promise<void> {
    return this.#writer.write(line);
  }

  async close(): Promise<void> {
    await this.#writer.drain();
    this.#release();
  }

  async #append(text: string): Promise<void> {
    const file = await this.#currentFile();
    const bytes = new TextEncoder().encode(text);
    try {
      for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
    } catch (reason) {
      this.#release();
      throw new Error(`cannot write ${this.#path}: ${reason instanceof Error ? reason.message : reason}`);
    }
  }

  async #currentFile(): Promise<Deno.FsFile> {
    const today = new Date(this.#clock.now()).toISOString().slice(0, 10);
    const inPlace = this.#open !== undefined && await this.#isInPlace(this.#open.file);
    if (this.#open && inPlace && this.#open.day >= today) return this.#open.file;
    const lastDay = inPlace ? this.#open?.day : await lastWriteDay(this.#path);
    this.#release();
    if (lastDay !== undefined && lastDay < today) await this.#rotate(lastDay);
    const file = await Deno.open(this.#path, { append: true, create: true, mode: 0o600 });
    this.#open = { file, day: today };
    return file;
  }

  async #isInPlace(file: Deno.FsFile): Promise<boolean> {
    try {
      const [named, opened] = await Promise.all([Deno.stat(this.#path), file.stat()]);
      return named.ino === opened.ino && named.dev === opened.dev;
    } catch (reason) {
      if (reason instanceof Deno.errors.NotFound) return false;
      throw reason;
    }
  }

  /** Moves the file of an earlier day out of the way, also one that an earlier daemon left. */
  async #rotate(day: string): Promise<void> {
    await Deno.rename(this.#path, await this.#freeName(`${this.#path}.${day}`));
    await this.#dropOldest();
  }

  async #freeName(name: string): Promise<string> {
    for (let i = 1; i < MAX_NAME_TRIES; i++) {
      const candidate = i === 1 ? name : `${name}.${i}`;
      if (await lastWriteDay(candidate) === undefined) return candidate;
    }
    throw new Error(`cannot rotate ${this.#path}: ${name} and its numbered successors all exist`);
  }

  async #dropOldest(): Promise<void> {
    const folder = dirname(this.#path), prefix = `${basename(this.#path)}.`;
    const rotated: string[] = [];
    for await (const { name } of Deno.readDir(folder)) {
      if (name.startsWith(prefix) && /^\d{4}-\d\d-\d\d(\.\d+)?$/.test(name.slice(prefix.length))) rotated.push(name);
    }
    const surplus = rotated.sort().slice(0, Math.max(0, rotated.length - this.#retention));
    for (const name of surplus) await Deno.remove(join(folder, name));
  }

  #release(): void {
    this.#open?.file.close();
    this.#open = undefined;
  }
}

/** The UTC day of a file's last write, or undefined when there is none. */
async function lastWriteDay(path: string): Promise<string | undefined> {
  try {
    return (await Deno.stat(path)).mtime?.toISOString().slice(0, 10);
  } catch (reason) {
    if (reason instanceof Deno.errors.NotFound) return undefined;
    throw reason;
  }
}
