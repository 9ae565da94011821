import { isAbsolute, join, relative } from "node:path";
import type { AgeKey } from "#adapters/archive/mod.ts";
import { checkStoreFile } from "#adapters/storage/sqlite/mod.ts";
import { archivePathOf, type Config, NO_SECRETS, placesOf, type RawConfig, resolveConfig } from "#config/mod.ts";
import type { Manifest } from "#domain/backup/mod.ts";
import { messageOf, PayloadError } from "#errors/mod.ts";
import type { Clock } from "#ports/clock.ts";
import { installLibrary, readLibrary } from "../install_library.ts";
import { readBackup } from "./read_backup.ts";
import { RestoreTarget } from "./restore_target.ts";
import { TreeWriter } from "./tree_writer.ts";

export interface RestoreBackupOptions {
  /** The backup. */
  readonly file: string;
  readonly key: AgeKey;
  /** Absolute path of the install directory to make. */
  readonly dir: string;
  /** Moves an install that is there aside. */
  readonly force: boolean;
  readonly clock: Clock;
}

export interface RestoredBackup {
  readonly manifest: Manifest;
  /** Absolute path of the restored configuration. */
  readonly config: string;
  /** Where the directory is now that was there before. */
  readonly movedTo?: string;
  /** What a person has to look at. */
  readonly notes: readonly string[];
}

/**
 * Makes an install directory from a backup, all or nothing: the files are written beside it, each hash is checked, all is
 * synced, and only then does the directory get its name.
 *
 * @throws {PayloadError} for what is wrong with the backup, {VaultError} for what is in the way; nothing was changed then.
 */
export async function restoreBackup(options: RestoreBackupOptions): Promise<RestoredBackup> {
  const { file, key, dir } = options;
  await readLibrary(); // before any work: without it nothing could start
  await using target = await RestoreTarget.open(dir, options);
  const tree = new TreeWriter(target.tree);
  const { manifest, config: original, raw } = await readBackup(file, key, tree);
  const config = configAt(dir, manifest, raw);
  checkLibrary(config, manifest, dir);
  checkStore(file, { original, manifest, tree: target.tree });
  if (isIn(dir, config.keys.library)) await installLibrary(join(target.tree, relative(dir, config.keys.library)));
  await tree.sync();
  const movedTo = await target.swap();
  return { manifest, config: config.source, movedTo, notes: [...target.notes, ...elsewhere(config, original)] };
}

function configAt(dir: string, { files }: Manifest, raw: RawConfig): Config {
  return resolveConfig(raw, join(dir, files[0].path), NO_SECRETS);
}

/** The daemon runs what `keys.library` names: that must never be a file that came with a backup. */
function checkLibrary({ keys: { library } }: Config, { files }: Manifest, dir: string): void {
  const file = files.find(({ path }) => join(dir, path) === library);
  if (file) throw new PayloadError(`${file.path} does not belong into a backup: keys.library names it`);
}

/** Opens the store and reads every record, before anything is replaced. */
function checkStore(
  backup: string,
  { original, manifest: { files }, tree }: { original: Config; manifest: Manifest; tree: string },
): void {
  const path = original.secrets && archivePathOf(original.secrets.database, original);
  if (path === undefined || !files.some((file) => file.path === path)) return;
  try {
    checkStoreFile(join(tree, path));
  } catch (reason) {
    throw new PayloadError(`${backup}: ${path}: ${messageOf(reason)}`, { cause: reason });
  }
}

/** What the restored configuration names by a path that is not in the new directory. */
function elsewhere(config: Config, original: Config): string[] {
  const { installDir: dir, source, keys, daemon, server, audit } = config;
  const outside = (path: string) => !isIn(dir, path);
  const restored = placesOf(config).filter(({ path }) => outside(path)).map(({ path }) =>
    `${source} names ${path}, which was restored as ${join(dir, archivePathOf(path, original))}: ` +
    "put it there, or change the configuration"
  );
  const own = [daemon.pidFile, server.admin.socket, ...(audit.file ? [audit.path] : [])];
  const left = own.filter((path) => outside(path) && isIn(original.installDir, path)).map((path) =>
    `${source} names ${path}, in the directory that was backed up: change it`
  );
  const library = outside(keys.library)
    ? [`${source} names ${keys.library}, which is in no backup: it has to be there`]
    : [];
  return [...new Set([...restored, ...left, ...library])];
}

function isIn(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== "" && !isAbsolute(way) && way.split("/")[0] !== "..";
}
