import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { type AgeLock, checkAgeLock, encryptAge, TAR_END, tarHeader, tarPadding } from "#adapters/archive/mod.ts";
import { partialPathOf, syncDirectory } from "#adapters/storage/files/mod.ts";
import { type Config, validateForStart } from "#config/mod.ts";
import { type Manifest, MANIFEST_NAME, type ManifestFile, writeManifest } from "#domain/backup/mod.ts";
import { VaultError } from "#errors/mod.ts";
import type { Clock } from "#ports/clock.ts";
import { readBackup, readPlain } from "./read_backup.ts";
import { readState } from "./read_state.ts";
import { type BackupFile, described, sourcesOf } from "./sources.ts";

export interface CreateBackupOptions {
  /** Absolute path of the file to write. */
  readonly out: string;
  readonly lock: AgeLock;
  /** Replaces an existing file. */
  readonly force: boolean;
  /** Of this release. */
  readonly version: string;
  readonly clock: Clock;
}

export interface CreatedBackup {
  readonly manifest: Manifest;
  /** Of the encrypted file. */
  readonly bytes: number;
  readonly sha256: string;
  /** How the finished file was checked: opened as a whole, or only read back, since its recipients alone can open it. */
  readonly verified: "opened" | "read back";
  /** Who told roles and tokens. */
  readonly stateFrom: "daemon" | "files";
}

/**
 * Writes one age file with all that an install needs, and verifies it before it gets its name. Nothing reaches the disk
 * unencrypted.
 *
 * @throws {VaultError} when something is missing or changes meanwhile; then there is no file.
 */
export async function createBackup(config: Config, options: CreateBackupOptions): Promise<CreatedBackup> {
  checkAgeLock(options.lock);
  validateForStart(config);
  if (!options.force) await refuseExisting(options.out);
  await using state = await readState(config);
  const files = (await Promise.all(sourcesOf(config, state).map((source) => source()))).flat();
  const manifest: Manifest = {
    runevault: options.version,
    created: new Date(options.clock.now()).toISOString(),
    installDir: config.installDir,
    files: await Array.fromAsync(files, described),
  };
  await readPlain(tarOf(manifest, files)); // what could not be restored is refused now, not on the day of the loss
  const written = await writeFile(manifest, files, options);
  return { manifest, ...written, stateFrom: state.from };
}

async function writeFile(manifest: Manifest, files: readonly BackupFile[], { out, lock, force }: CreateBackupOptions) {
  const partial = partialPathOf(out);
  using file = await openPartial(partial, force);
  try {
    const written = await writeSealed(file, await encryptAge(tarOf(manifest, files), lock));
    const verified = await verify(partial, lock, written.sha256);
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
    throw reason instanceof Deno.errors.AlreadyExists ? leftover(path) : reason;
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

async function refuseExisting(path: string): Promise<void> {
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
  const text =
    `${partial} is there: another backup is being written, or one was interrupted (then --force replaces it)`;
  return new VaultError("FAILED_PRECONDITION", text);
}

function tarOf(manifest: Manifest, files: readonly BackupFile[]): ReadableStream<Uint8Array> {
  const blocks = async function* (): AsyncGenerator<Uint8Array, void> {
    const listed = writeManifest(manifest);
    yield tarHeader({ path: MANIFEST_NAME, mode: 0o600, size: listed.length });
    yield listed;
    yield tarPadding(listed.length);
    for (const [i, entry] of manifest.files.entries()) {
      yield tarHeader(entry);
      yield* unchanged(files[i], entry);
      yield tarPadding(entry.size);
    }
    yield TAR_END;
  };
  return ReadableStream.from(blocks());
}

/** @throws {VaultError} when the content is not what it was when it was hashed. */
async function* unchanged(file: BackupFile, { size, sha256 }: ManifestFile): AsyncGenerator<Uint8Array, void> {
  const hash = createHash("sha256");
  let length = 0;
  for await (const chunk of await file.open()) {
    length += chunk.length;
    if (length > size) break;
    hash.update(chunk);
    yield chunk;
  }
  if (length !== size || hash.digest("hex") !== sha256) {
    throw new VaultError("FAILED_PRECONDITION", `${file.path} was changed while it was backed up: try again`);
  }
}

async function writeSealed(
  file: Deno.FsFile,
  sealed: ReadableStream<Uint8Array>,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of sealed) {
    for (let written = 0; written < chunk.length;) written += await file.write(chunk.subarray(written));
    hash.update(chunk);
    bytes += chunk.length;
  }
  await file.sync();
  return { bytes, sha256: hash.digest("hex") };
}

/** Without an identity, all that can be said is that the disk gives back what was written, whose parts were hashed. */
async function verify(path: string, lock: AgeLock, sha256: string): Promise<CreatedBackup["verified"]> {
  if ("passphrase" in lock) {
    await readBackup(path, lock);
    return "opened";
  }
  const hash = createHash("sha256");
  for await (const chunk of (await Deno.open(path)).readable) hash.update(chunk);
  if (hash.digest("hex") === sha256) return "read back";
  throw new VaultError("INTERNAL", "the disk does not give back what was written to it: no backup was made");
}
