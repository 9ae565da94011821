import { dirname, join } from "node:path";
import { restorePathsOf, syncDirectory, writeFileAtomic } from "#adapters/storage/files/mod.ts";
import { loadConfig } from "#config/mod.ts";
import { osText } from "#config/read_file.ts";
import { VaultError } from "#errors/mod.ts";
import type { Clock } from "#ports/clock.ts";
import { isPidFileHeld } from "../pid_file.ts";
import { exists } from "../exists.ts";

/** A file in the work directory that says under which name the old install is being moved aside. */
const JOURNAL = "moved";
/** Where install.sh puts the program. */
const PROGRAM = "app/bin/runevault";
const STAMP = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z$/;

/**
 * The place where an install directory is to be. Its work directory beside it is locked, so that two restores cannot mix,
 * and removed in the end; what a killed restore left is put right by the next one.
 */
export class RestoreTarget implements AsyncDisposable {
  readonly notes: string[] = [];
  readonly #work: string;
  readonly #before: string;
  readonly #lock: Deno.FsFile;

  private constructor(
    readonly dir: string,
    readonly options: { readonly force: boolean; readonly clock: Clock },
    lock: Deno.FsFile,
  ) {
    const { work, before } = restorePathsOf(dir);
    this.#work = work;
    this.#before = before;
    this.#lock = lock;
  }

  /** @throws {VaultError} when the directory must not be replaced, or another restore is at work. */
  static async open(dir: string, options: { force: boolean; clock: Clock }): Promise<RestoreTarget> {
    await refuseUnlessFree(dir, options.force);
    const target = new RestoreTarget(dir, options, await lockWork(restorePathsOf(dir).work));
    try {
      await target.#recover();
      await refuseUnlessFree(dir, options.force);
      await refuseMountPoint(dir, target.#work);
      await Deno.mkdir(target.tree, { mode: 0o700 });
      return target;
    } catch (reason) {
      await target[Symbol.asyncDispose]();
      throw reason;
    }
  }

  /** An empty directory for the new install, on the file system of the old. */
  get tree(): string {
    return join(this.#work, "tree");
  }

  /**
   * Puts the new directory in place.
   *
   * @returns where the old one is now, if there was any.
   */
  async swap(): Promise<string | undefined> {
    await refuseUnlessFree(this.dir, this.options.force);
    const movedTo = await isEmptyOrAbsent(this.dir) ? undefined : await this.#moveAside();
    try {
      await Deno.rename(this.tree, this.dir); // replaces an empty directory, refuses any other
    } catch (reason) {
      if (movedTo) await Deno.rename(movedTo, this.dir);
      throw reason;
    }
    await syncDirectory(dirname(this.dir));
    return movedTo;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await Deno.remove(this.#work, { recursive: true });
    } finally {
      this.#lock.close();
    }
  }

  /** Between the two renames there is no install directory: the journal tells the next restore where the old one is. */
  async #moveAside(): Promise<string> {
    const stamp = new Date(this.options.clock.now()).toISOString().replaceAll(":", "-");
    const movedTo = join(this.#before, stamp);
    await Deno.mkdir(this.#before, { mode: 0o700, recursive: true });
    await writeFileAtomic(join(this.#work, JOURNAL), stamp);
    await Deno.rename(this.dir, movedTo);
    await syncDirectory(this.#before);
    return movedTo;
  }

  async #recover(): Promise<void> {
    const stamp = await readOrUndefined(join(this.#work, JOURNAL));
    if (stamp !== undefined && STAMP.test(stamp) && await isEmptyOrAbsent(this.dir)) {
      const movedTo = join(this.#before, stamp);
      if (await exists(movedTo)) {
        await Deno.rename(movedTo, this.dir);
        this.notes.push(`an interrupted restore had moved ${this.dir} to ${movedTo}: it was put back first`);
      }
    }
    if (!await exists(this.tree)) return;
    await Deno.remove(this.tree, { recursive: true });
    this.notes.push(`removed what an interrupted restore had left in ${this.#work}`);
  }
}

/** @returns The locked file; the directory is made when missing. */
async function lockWork(work: string): Promise<Deno.FsFile> {
  await Deno.mkdir(work, { mode: 0o700 }).catch((reason) => {
    if (!(reason instanceof Deno.errors.AlreadyExists)) {
      throw new VaultError("FAILED_PRECONDITION", `cannot make ${work}: ${osText(reason)}`);
    }
  });
  if (!(await Deno.lstat(work)).isDirectory) throw new VaultError("FAILED_PRECONDITION", `${work} is no directory`);
  const file = await Deno.open(join(work, "lock"), { write: true, create: true, mode: 0o600 });
  if (await file.tryLock(true)) return file;
  file.close();
  throw new VaultError("FAILED_PRECONDITION", `another restore is at work in ${work}`);
}

/** Nothing can be renamed onto the root of another file system, nor out of the way of one: told before any work. */
async function refuseMountPoint(dir: string, work: string): Promise<void> {
  const found = await Deno.lstat(dir).catch(unlessMissing);
  if (!found || found.dev === (await Deno.lstat(work)).dev) return;
  const text =
    `${dir} is where another file system is mounted: name a directory in it, or unmount it while you restore`;
  throw new VaultError("FAILED_PRECONDITION", text);
}

/** Moved aside, it would be missing where the service and the `runevault` of everybody's PATH look for it. */
function programText(dir: string): string {
  return `${dir} holds the program itself: run 'install.sh --uninstall' first, which keeps all else, ` +
    "restore with bin/runevault of the unpacked package, then run its install.sh again";
}

/** Whether nothing is in the way, or may be moved out of it. */
async function refuseUnlessFree(dir: string, force: boolean): Promise<void> {
  const found = await Deno.lstat(dir).catch(unlessMissing);
  if (found && !found.isDirectory) {
    throw new VaultError("FAILED_PRECONDITION", `${dir} is no directory, or a link: name the directory itself`);
  }
  if (!found || await isEmptyOrAbsent(dir)) return;
  if (await exists(join(dir, PROGRAM))) throw new VaultError("FAILED_PRECONDITION", programText(dir));
  if (!force) {
    const text = `${dir} is not empty: choose another directory, or --force to move it to ${
      restorePathsOf(dir).before
    }/`;
    throw new VaultError("FAILED_PRECONDITION", text);
  }
  for (const pidFile of await pidFilesOf(dir)) await refuseRunning(pidFile, dir);
}

/** The one that the install's own configuration names, and the default one in case it cannot be read. */
async function pidFilesOf(dir: string): Promise<Set<string>> {
  const files = new Set([join(dir, ".runevault.pid")]);
  for (const name of ["configs/runevault.conf", "runevault.conf"]) {
    const path = join(dir, name);
    try {
      files.add((await loadConfig({ path, secrets: false })).config.daemon.pidFile);
    } catch { /* no configuration, or none that a daemon could run with */ }
  }
  return files;
}

async function refuseRunning(pidFile: string, dir: string): Promise<void> {
  let isHeld: boolean;
  try {
    isHeld = await isPidFileHeld(pidFile);
  } catch (reason) {
    if (reason instanceof Deno.errors.NotFound) return;
    const text =
      `cannot tell whether a daemon runs on ${dir}, its PID file is ${pidFile}: stop it and move ${dir} away`;
    throw new VaultError("FAILED_PRECONDITION", text);
  }
  if (isHeld) throw new VaultError("FAILED_PRECONDITION", `a daemon runs on ${dir}: stop it first`);
}

async function isEmptyOrAbsent(dir: string): Promise<boolean> {
  try {
    for await (const _ of Deno.readDir(dir)) return false;
    return true;
  } catch (reason) {
    unlessMissing(reason);
    return true;
  }
}

async function readOrUndefined(path: string): Promise<string | undefined> {
  return await Deno.readTextFile(path).catch(unlessMissing);
}

function unlessMissing(reason: unknown): undefined {
  if (!(reason instanceof Deno.errors.NotFound)) throw reason;
}
