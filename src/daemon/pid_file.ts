import { dirname } from "node:path";

/** Why a PID file could not be read or taken; `message` is for the operator. */
export class PidFileError extends Error {
  override readonly name = "PidFileError";

  constructor(readonly kind: "missing" | "malformed" | "locked" | "unsafe", message: string) {
    super(message);
  }
}

const MAX_BYTES = 32; // a PID and its newline, with room to spare
// isPidFileHeld() of a status command may hold the lock for an instant.
const LOCK_TRIES = 3;
const LOCK_RETRY_MS = 20;

/**
 * The daemon's PID in a file that stays locked for the daemon's life: the lock, not the content, keeps a second daemon
 * out, so that a file left by a crash does no harm. Texts: contract runevault.md 4.7.
 */
export class PidFile implements AsyncDisposable {
  readonly #file: Deno.FsFile;

  private constructor(
    readonly path: string,
    file: Deno.FsFile,
    /** Set when the file was there already, left by a daemon that did not stop cleanly. */
    readonly staleWarning?: string,
  ) {
    this.#file = file;
  }

  /**
   * Writes this process's PID, mode 0600; a missing parent directory is made, mode 0700.
   *
   * @throws {PidFileError} `locked` when another daemon runs, whose file stays as it is; `unsafe` for a symbolic link.
   */
  static async acquire(path: string, pid: number = Deno.pid): Promise<PidFile> {
    const file = await openLocked(path).catch(async (reason) => {
      if (!(reason instanceof Deno.errors.NotFound)) throw reason;
      // Only now: whoever locks the file of an install that is there may not touch its directory.
      await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
      return await openLocked(path);
    });
    try {
      const stale = await readFirstLine(file);
      await Deno.chmod(path, 0o600);
      await writeInPlace(file, `${pid}\n`);
      return new PidFile(path, file, stale === undefined ? undefined : staleText(path, stale));
    } catch (reason) {
      file.close();
      throw reason;
    }
  }

  /** Removes the file and frees the lock. */
  async release(): Promise<void> {
    try {
      // Remove before unlocking: once unlocked, the path may already belong to the next daemon.
      if (await isFileAt(this.path, this.#file)) await Deno.remove(this.path);
    } finally {
      this.#file.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }
}

/**
 * The PID in a PID file; may be 0 or negative, and the process may be long gone.
 *
 * @throws {PidFileError} `missing` or `malformed`; quotes nothing of a file that may be some other file.
 */
export async function readPidFile(path: string): Promise<number> {
  try {
    using file = await Deno.open(path);
    return parsePid(await readFirstLine(file) ?? "");
  } catch (reason) {
    if (!(reason instanceof Deno.errors.NotFound)) throw reason;
    throw new PidFileError("missing", `no PID file at ${path} — daemon not running?`);
  }
}

/**
 * Whether a daemon holds the file, which must exist. Without one the number in it may long be another process's.
 */
export async function isPidFileHeld(path: string): Promise<boolean> {
  using file = await Deno.open(path);
  return !await file.tryLock(false); // shared, so that two who ask do not take each other for a daemon
}

function parsePid(line: string): number {
  if (line === "") throw new PidFileError("malformed", "pidfile: empty");
  if (!/^-?\d{1,10}$/.test(line)) {
    throw new PidFileError("malformed", "pidfile: parse pid: the first line is not a number");
  }
  return Number(line);
}

/** Opens and locks the file that is at the path once the lock is held. */
async function openLocked(path: string): Promise<Deno.FsFile> {
  for (let attempt = 1;; attempt++) {
    await refuseSymlink(path);
    const file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o600 });
    if (!await file.tryLock(true)) {
      if (attempt < LOCK_TRIES) {
        file.close();
        await new Promise((resolve) => setTimeout(resolve, LOCK_RETRY_MS));
        continue;
      }
      const holder = await readFirstLine(file).finally(() => file.close());
      throw lockedError(path, holder);
    }
    // The last holder may have removed this very file between our open and our lock: then we hold a file that no path
    // leads to, and a third daemon could lock a new one.
    if (await isFileAt(path, file)) return file;
    file.close();
  }
}

/** In a directory that others can write to, a link could make the daemon overwrite a file of its own. */
async function refuseSymlink(path: string): Promise<void> {
  const found = await Deno.lstat(path).catch((reason) => {
    if (reason instanceof Deno.errors.NotFound) return undefined;
    throw reason;
  });
  if (found !== undefined && !found.isFile) throw new PidFileError("unsafe", `pidfile: ${path} is not a regular file`);
}

async function isFileAt(path: string, file: Deno.FsFile): Promise<boolean> {
  try {
    const [there, held] = await Promise.all([Deno.lstat(path), file.stat()]);
    return there.ino === held.ino && there.dev === held.dev;
  } catch (reason) {
    if (reason instanceof Deno.errors.NotFound) return false;
    throw reason;
  }
}

/** @returns undefined for an empty file. */
async function readFirstLine(file: Deno.FsFile): Promise<string | undefined> {
  const bytes = new Uint8Array(MAX_BYTES);
  await file.seek(0, Deno.SeekMode.Start);
  const length = await file.read(bytes);
  return length === null ? undefined : new TextDecoder().decode(bytes.subarray(0, length)).split("\n", 1)[0].trim();
}

/** One write of the whole line, then the cut: whoever reads in between finds the new PID in the first line. */
async function writeInPlace(file: Deno.FsFile, line: string): Promise<void> {
  const bytes = new TextEncoder().encode(line);
  await file.seek(0, Deno.SeekMode.Start);
  if (await file.write(bytes) !== bytes.length) throw new Error("pidfile: short write");
  await file.truncate(bytes.length);
}

function lockedError(path: string, holder: string | undefined): PidFileError {
  const pid = holder !== undefined && /^\d+$/.test(holder) ? `pid ${holder}, ` : "";
  return new PidFileError("locked", `another runevault daemon is already running (${pid}pidfile ${path})`);
}

function staleText(path: string, line: string): string {
  const pid = /^\d+$/.test(line) ? ` of PID ${line}` : "";
  return `stale PID file ${path}${pid} overwritten: the last daemon did not stop cleanly`;
}
