import { createHash } from "node:crypto";
import { type AgeKey, readTar, type TarFile } from "#adapters/archive/mod.ts";
import { type LoadedConfig, type Place, placeOf } from "#config/mod.ts";
import {
  type Manifest,
  MANIFEST_NAME,
  type ManifestFile,
  MAX_MANIFEST_BYTES,
  readManifest,
} from "#domain/backup/mod.ts";
import { messageOf, PayloadError } from "#errors/mod.ts";
import { isOfSystem, openSealedFile } from "./open_sealed_file.ts";
import { checkContents, checkFile, configIn, isChecked } from "./contents.ts";
import { DiskError } from "./disk_file.ts";

/** Takes the files of a backup as they are read. */
export interface BackupSink {
  /**
   * Takes one file: all chunks have to be taken, and what they make counts only once they end without an error.
   *
   * @param kind What the backup's configuration wants it for.
   * @throws {DiskError} when it cannot be kept: no fault of the backup.
   */
  write(file: ManifestFile, chunks: AsyncIterable<Uint8Array>, kind: Place["kind"]): Promise<void>;
}

/** A backup that has been read to its end, and its configuration as it stood in the directory that was backed up. */
export interface ReadBackup extends LoadedConfig {
  readonly manifest: Manifest;
}

/** What is looked into is read as a whole: configuration, state and two of the keys; no install's are larger. */
const MAX_CHECKED_BYTES = 8 * 1024 * 1024;
const DISCARD: BackupSink = {
  async write(_file, chunks) {
    for await (const _ of chunks);
  },
};

/**
 * Opens a backup and checks all of it: that nothing was changed, every hash, that its configuration, roles, tokens
 * and keys can be read and that nothing is missing or too much. Memory stays bounded whatever the file holds.
 *
 * @param sink Is given the files on the way.
 * @throws {PayloadError} naming the backup and what is wrong; quotes nothing of it but names of files.
 */
export async function readBackup(path: string, key: AgeKey, sink: BackupSink = DISCARD): Promise<ReadBackup> {
  const plain = await openSealedFile(path, key);
  try {
    return await readPlain(plain, sink);
  } catch (reason) {
    if (reason instanceof DiskError || isOfSystem(reason)) throw reason;
    throw new PayloadError(`${path}: ${messageOf(reason)}`, { cause: reason });
  }
}

/** The same for the archive in a backup. */
export async function readPlain(archive: ReadableStream<Uint8Array>, sink: BackupSink = DISCARD): Promise<ReadBackup> {
  const files = readTar(archive);
  try {
    const first = await nextOf(files);
    if (first.path !== MANIFEST_NAME || first.size > MAX_MANIFEST_BYTES) throw new PayloadError("no runevault backup");
    const manifest = readManifest(await bytesOf(first.content));
    let loaded: LoadedConfig | undefined;
    for (const entry of manifest.files) {
      const file = await nextOf(files);
      if (file.path !== entry.path || file.size !== entry.size) {
        throw new PayloadError(`${entry.path} is not where the manifest says`);
      }
      loaded = await readFile(entry, file, { manifest, loaded, sink });
    }
    if (!(await files.next()).done) throw new PayloadError("it holds more files than its manifest lists");
    return { manifest, ...loaded! };
  } finally {
    await files.return();
  }
}

interface Reading {
  readonly manifest: Manifest;
  /** Undefined while the configuration itself, the first file, is read. */
  readonly loaded: LoadedConfig | undefined;
  readonly sink: BackupSink;
}

/** @returns The configuration, by which all later files are judged. */
async function readFile(entry: ManifestFile, { content }: TarFile, reading: Reading): Promise<LoadedConfig> {
  const { manifest, loaded, sink } = reading;
  const kind = loaded ? placeOf(entry.path, loaded.config)!.kind : "config"; // checkContents() knows them all
  if (loaded && !isChecked(entry.path, loaded.config)) {
    await sink.write(entry, checked(entry, content), kind);
    return loaded;
  }
  if (entry.size > MAX_CHECKED_BYTES) throw new PayloadError(`${entry.path} is too large`);
  const bytes = await bytesOf(checked(entry, content));
  const known = loaded ?? configIn(manifest, new TextDecoder().decode(bytes));
  if (loaded) checkFile(entry.path, bytes, loaded.config);
  else checkContents(manifest, known.config);
  await sink.write(entry, ReadableStream.from([bytes]), kind);
  bytes.fill(0);
  return known;
}

/** @throws {PayloadError} at the end, when the content is not the one that the manifest lists. */
async function* checked({ path, sha256 }: ManifestFile, content: AsyncIterable<Uint8Array>) {
  const hash = createHash("sha256");
  for await (const chunk of content) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest("hex") !== sha256) throw new PayloadError(`${path} is damaged: its SHA-256 is another`);
}

async function nextOf(files: AsyncGenerator<TarFile, void>): Promise<TarFile> {
  const { value } = await files.next();
  if (!value) throw new PayloadError("it holds fewer files than its manifest lists");
  return value;
}

async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of chunks) parts.push(chunk.slice());
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
