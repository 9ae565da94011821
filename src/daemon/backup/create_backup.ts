import { createHash } from "node:crypto";
import { type AgeKey, checkAgeLock, TAR_END, tarHeader, tarPadding } from "#adapters/archive/mod.ts";
import type { Config } from "#config/mod.ts";
import { type Manifest, MANIFEST_NAME, type ManifestFile, writeManifest } from "#domain/backup/mod.ts";
import { VaultError } from "#errors/mod.ts";
import type { Clock } from "#ports/clock.ts";
import { validateUnread } from "./contents.ts";
import { readBackup, readPlain } from "./read_backup.ts";
import { readState } from "./read_state.ts";
import { refuseExisting, type SealedFile, type SealedFileOptions, writeSealedFile } from "./sealed_file.ts";
import { StoreCopy } from "./store_copy.ts";
import { type BackupFile, described, sourcesOf } from "./sources.ts";

export interface CreateBackupOptions extends SealedFileOptions {
  /** Of this release. */
  readonly version: string;
  readonly clock: Clock;
}

export interface CreatedBackup extends SealedFile {
  readonly manifest: Manifest;
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
  validateUnread(config);
  if (!options.force) await refuseExisting(options.out);
  await using state = await readState(config);
  await using store = await StoreCopy.make(config, state.from);
  const files = (await Promise.all(sourcesOf(config, state, store).map((source) => source()))).flat();
  const manifest: Manifest = {
    runevault: options.version,
    created: new Date(options.clock.now()).toISOString(),
    installDir: config.installDir,
    files: await Array.fromAsync(files, described),
  };
  await readPlain(tarOf(manifest, files)); // what could not be restored is refused now, not on the day of the loss
  const written = await writeSealedFile(
    tarOf(manifest, files),
    options,
    (path) => readBackup(path, options.lock as AgeKey),
  );
  return { manifest, ...written, stateFrom: state.from };
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
