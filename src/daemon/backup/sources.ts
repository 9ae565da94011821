import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { archivePathOf, type Config, type Place, placesOf } from "#config/mod.ts";
import type { ManifestFile } from "#domain/backup/mod.ts";
import { VaultError } from "#errors/mod.ts";
import type { StateTexts } from "./read_state.ts";
import type { StoreCopy } from "./store_copy.ts";

/** A file that goes into a backup. It is read twice, for its hash and for the archive, and must be the same both times. */
export interface BackupFile {
  readonly path: string;
  readonly mode: number;
  readonly size: number;
  /** @throws When it cannot be read. */
  open(): Promise<AsyncIterable<Uint8Array>>;
}

/** A part of the vault that gives files to a backup. */
export type BackupSource = () => Promise<BackupFile[]>;

/** All parts, the configuration first. A store of its own, such as a database, adds its source and its Place here. */
export function sourcesOf(config: Config, state: StateTexts, store: StoreCopy): BackupSource[] {
  return [
    () => filesOf(config, ({ kind }) => kind === "config"),
    () => Promise.resolve(stateFiles(config, state)),
    () => filesOf(config, ({ kind }) => !["config", "state", "store"].includes(kind)),
    () => storeFile(config, store),
  ];
}

/** The manifest's entry of a file. */
export async function described(file: BackupFile): Promise<ManifestFile> {
  const { path, mode } = file, hash = createHash("sha256");
  let size = 0;
  for await (const chunk of await file.open()) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { path, mode, size, sha256: hash.digest("hex") };
}

function stateFiles(config: Config, { roles, tokens }: StateTexts): BackupFile[] {
  const { rolesFile, tokensFile } = config.tokens;
  return [[rolesFile, roles], [tokensFile, tokens]].map(([path, text]) => {
    const bytes = new TextEncoder().encode(text);
    const open = () => Promise.resolve(ReadableStream.from([bytes]));
    return { path: archivePathOf(path, config), mode: 0o600, size: bytes.length, open };
  });
}

async function storeFile(config: Config, store: StoreCopy): Promise<BackupFile[]> {
  if (!store.isThere) return [];
  const path = archivePathOf(config.secrets!.database, config), open = () => Promise.resolve(store.read());
  return [{ path, mode: 0o600, size: await store.size(), open }];
}

async function filesOf(config: Config, isWanted: (place: Place) => boolean): Promise<BackupFile[]> {
  const files = new Map<string, BackupFile>();
  for (const place of placesOf(config).filter(isWanted)) {
    for (const path of await pathsIn(place)) {
      const archivePath = archivePathOf(path, config);
      if (!files.has(archivePath)) files.set(archivePath, await fileAt(path, archivePath, place));
    }
  }
  return [...files.values()];
}

/** Hidden files in a folder are drafts of the daemon's own. */
async function pathsIn({ path, isFolder, isOptional }: Place): Promise<string[]> {
  try {
    if (!isFolder) return (await Deno.stat(path)).isFile ? [path] : [];
    const names: string[] = [];
    for await (const { name, isDirectory } of Deno.readDir(path)) {
      if (!isDirectory && !name.startsWith(".")) names.push(name);
    }
    return names.sort().map((name) => join(path, name));
  } catch (reason) {
    if (isOptional && reason instanceof Deno.errors.NotFound) return [];
    throw new VaultError("FAILED_PRECONDITION", `cannot back up ${path}: ${plain(reason)}`);
  }
}

async function fileAt(path: string, archivePath: string, { kind }: Place): Promise<BackupFile> {
  const { size, mode, isFile } = await Deno.stat(path);
  // A pipe would never come to its end.
  if (!isFile) throw new VaultError("FAILED_PRECONDITION", `cannot back up ${path}: it is no regular file`);
  const isPublic = kind === "certificate" && /\.(pem|crt)$/.test(basename(path)) && ((mode ?? 0) & 0o004) !== 0;
  const open = async () => (await Deno.open(path)).readable;
  return { path: archivePath, mode: isPublic ? 0o644 : 0o600, size, open };
}

/** Without the call that Deno appends. */
function plain(reason: unknown): string {
  return String(reason instanceof Error ? reason.message : reason).replace(/(\(os error \d+\)).*/s, "$1");
}
