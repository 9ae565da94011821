import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { type AgeLock, encryptAge } from "#adapters/archive/mod.ts";
import { partialPathOf, syncDirectory } from "#adapters/storage/files/mod.ts";
import { VaultError } from "#errors/mod.ts";
import { DiskError, DiskFile } from "./disk_file.ts";

export interface SealedFileOptions {
  /** Absolute path of the file to write. */
  readonly out: string;
  readonly lock: AgeLock;
  /** Replaces an existing file. */
  readonly force: boolean;
}

export interface SealedFile {
  /** Of the encrypted file. */
  readonly bytes: number;
  readonly sha256: string;
  /** How the finished file was checked: opened as a whole, or only read back, since its recipients alone can open it. */
  readonly verified: "opened" | "read back";
}

/**
 * Writes one age file and verifies it before it gets its name: mode 0600, synced; nothing reaches the disk unencrypted.
 *
 * @param reopen Opens the finished file with the passphrase and checks its content.
 * @throws {VaultError} when something is wrong; then there is no file.
 */
export async function writeSealedFile(
  plain: ReadableStream<Uint8Array>,
  { out, lock, force }: SealedFileOptions,
  reopen: (path: string) => Promise<unknown>,
): Promise<SealedFile> {
  const partial = partialPathOf(out);
  using file = await openPartial(partial, force);
  try {
    const written = await writeSealed(new DiskFile(partial, file), await encryptAge(plain, lock));
    const verified = "passphrase" in lock ? "opened" : "read back";
    if (verified === "opened") await reopen(partial);
    else await readBack(partial, written.sha256);
    if (!force) await refuseExisting(out);
    await Deno.rename(partial, out);
    await syncDirectory(dirname(out));
    return { ...written, verified };
  } catch (reason) {
    await Deno.remove(partial).catch(() => {});
    throw reason;
  }
}

/** Locked while it is written, so that what a killed run left can be told from what another one writes. */
async function openPartial(path: string, force: boolean): Promise<Deno.FsFile> {
  if (force) await removeLeftover(path);
  try {
    const file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
    await file.lock(true);
    return file;
  } catch (reason) {
    if (reason instanceof Deno.errors.AlreadyExists) throw leftover(path);
    throw reason instanceof Deno.errors.NotCapable ? reason : new DiskError(path, reason);
  }
}

async function removeLeftover(path: string): Promise<void> {
  try {
    using file = await Deno.open(path, { read: true });
    if (!await file.tryLock(true)) throw leftover(path);
    await Deno.remove(path);
  } catch (reason) {
    if (!(reason instanceof Deno.errors.NotFound)) throw reason;
  }
}

/** @throws {VaultError} when there is such a file. */
export async function refuseExisting(path: string): Promise<void> {
  try {
    await Deno.lstat(path);
  } catch (reason) {
    if (reason instanceof Deno.errors.NotFound) return;
    throw reason;
  }
  throw new VaultError(
    "FAILED_PRECONDITION",
    `${path} is there already: choose another name, or --force to replace it`,
  );
}

function leftover(partial: string): VaultError {
  const text = `${partial} is there: another file is being written, or one was interrupted (then --force replaces it)`;
  return new VaultError("FAILED_PRECONDITION", text);
}

async function writeSealed(
  file: DiskFile,
  sealed: ReadableStream<Uint8Array>,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of sealed) {
    await file.write(chunk);
    hash.update(chunk);
    bytes += chunk.length;
  }
  await file.sync();
  return { bytes, sha256: hash.digest("hex") };
}

/** Without an identity, all that can be said is that the disk gives back what was written. */
async function readBack(path: string, sha256: string): Promise<void> {
  const hash = createHash("sha256");
  for await (const chunk of (await Deno.open(path)).readable) hash.update(chunk);
  if (hash.digest("hex") !== sha256) {
    throw new VaultError("INTERNAL", "the disk does not give back what was written to it: nothing was kept");
  }
}
