/**
 * Replacing a file so that a reader, a crash or a full disk meets either the old or the new content, never a part.
 *
 * @module
 */
import { basename, dirname, join } from "node:path";

/** New content that lies, already on disk, beside the file that it shall replace. */
export interface StagedFile {
  /** Puts the new content in place; it survives a power cut only after `syncDirectory`. */
  commit(): Promise<void>;
  /** Removes the new content if it was not committed; never throws. */
  discard(): Promise<void>;
}

/**
 * Replaces or creates a file; a missing parent directory is created with mode 0700.
 *
 * Resolves when the content would survive a power cut. When it rejects, the temporary file is gone; the old content
 * is still in place unless the very last step failed, the fsync of the directory.
 *
 * @param mode Of the resulting file, whatever it was before and whatever the umask is.
 */
export async function writeFileAtomic(path: string, data: Uint8Array | string, mode = 0o600): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${crypto.randomUUID()}.new`);
  const staged = await stageFile(path, data, { mode, temporary });
  try {
    await staged.commit();
  } finally {
    await staged.discard();
  }
  await syncDirectory(dirname(path));
}

/** Where a file that has one writer alone stages its new content: a name that a write permission can be for. */
export function stagedPathOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.new`);
}

/**
 * Writes and syncs `data` into a temporary file in the directory of `path`, which is made, mode 0700, when missing.
 * Throws with nothing left behind.
 *
 * @param temporary The file to write; must not exist.
 */
export async function stageFile(
  path: string,
  data: Uint8Array | string,
  { mode = 0o600, temporary = stagedPathOf(path) }: { mode?: number; temporary?: string } = {},
): Promise<StagedFile> {
  let pending = true;
  const discard = async () => {
    if (pending) await Deno.remove(temporary).catch(() => {});
    pending = false;
  };
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  try {
    await inDirectory(dirname(path), () => writeAndSync(temporary, bytes, mode));
  } catch (reason) {
    await discard();
    throw reason;
  }
  const commit = async () => {
    await Deno.rename(temporary, path);
    pending = false;
  };
  return { commit, discard };
}

/** Makes the renames and new files in a directory survive a power cut. */
export async function syncDirectory(directory: string): Promise<void> {
  using handle = await Deno.open(directory);
  await handle.sync();
}

/** Removes what a crash in the middle of a write to `path` left: it may hold tokens that have been revoked since. */
export async function removeStaged(path: string): Promise<void> {
  try {
    await Deno.remove(stagedPathOf(path));
  } catch (reason) {
    if (!(reason instanceof Deno.errors.NotFound)) throw reason;
  }
}

/** Looks for the directory only when there is a need: the sealed daemon may not. */
async function inDirectory(directory: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (reason) {
    if (!(reason instanceof Deno.errors.NotFound)) throw reason;
    await makeDirectory(directory);
    await write();
  }
}

async function writeAndSync(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
  // The mode given to open() is cut by the umask, so that a loose one could not be reached and a strict one may be lost.
  await Deno.chmod(path, mode);
  for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
  await file.sync();
}

/** Creates a directory and its missing parents, mode 0700, each one durable in its own parent. */
async function makeDirectory(directory: string): Promise<void> {
  try {
    await Deno.stat(directory);
    return;
  } catch (reason) {
    if (!(reason instanceof Deno.errors.NotFound)) throw reason;
  }
  await makeDirectory(dirname(directory));
  await Deno.mkdir(directory, { mode: 0o700, recursive: true }); // recursive: another writer may have been first
  await syncDirectory(dirname(directory));
}
