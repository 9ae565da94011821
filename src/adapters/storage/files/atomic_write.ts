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
  const staged = await stageFile(path, data, mode);
  try {
    await staged.commit();
  } finally {
    await staged.discard();
  }
  await syncDirectory(dirname(path));
}

/** Writes and syncs `data` into a temporary file in the directory of `path`. Throws with nothing left behind. */
export async function stageFile(path: string, data: Uint8Array | string, mode = 0o600): Promise<StagedFile> {
  await makeDirectory(dirname(path));
  const temporary = join(dirname(path), `${temporaryPrefix(path)}${crypto.randomUUID()}${TEMPORARY_SUFFIX}`);
  let pending = true;
  const discard = async () => {
    if (pending) await Deno.remove(temporary).catch(() => {});
    pending = false;
  };
  try {
    await writeAndSync(temporary, typeof data === "string" ? new TextEncoder().encode(data) : data, mode);
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
export async function removeLeftovers(path: string): Promise<void> {
  try {
    for await (const { name } of Deno.readDir(dirname(path))) {
      if (!name.startsWith(temporaryPrefix(path)) || !name.endsWith(TEMPORARY_SUFFIX)) continue;
      await Deno.remove(join(dirname(path), name));
    }
  } catch (reason) {
    if (!(reason instanceof Deno.errors.NotFound)) throw reason;
  }
}

const TEMPORARY_SUFFIX = ".tmp";

function temporaryPrefix(path: string): string {
  return `.${basename(path)}.`;
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
