import { dirname } from "node:path";
import { partialPathOf, restorePathsOf } from "#adapters/storage/files/mod.ts";
import { placesOf } from "#config/mod.ts";
import type { BackupInvocation } from "./permissions.ts";

const FOLDER = "synced, so that the new name in it survives a power cut";

/** Why a backup command needs a path; undefined for one that every command with a configuration needs. */
export function backupReason(path: string, invocation: BackupInvocation): string | undefined {
  const reasons: Record<string, string> = { [invocation.keyFile ?? ""]: "what opens the backup" };
  if (invocation.command === "backup create") {
    const { out, config } = invocation;
    for (const { path, kind } of placesOf(config)) reasons[path] ??= `goes into the backup (${kind})`;
    Object.assign(reasons, {
      ...config.secrets && { [dirname(config.secrets.database)]: "the secrets' store, and the copy of it" },
      [out]: "the backup",
      [partialPathOf(out)]: "the backup until it is whole and verified",
      [dirname(out)]: FOLDER,
    });
    return reasons[path];
  }
  reasons[invocation.file] = "the backup";
  if (invocation.command === "backup verify") return reasons[path];
  const { dir, librarySource } = invocation, { work, before } = restorePathsOf(dir);
  Object.assign(reasons, {
    [dirname(dir)]: FOLDER,
    [dir]: "the install directory",
    [work]: "the new install until it is whole",
    [before]: "keeps the install that was there before",
    [librarySource]: "the library that is copied into the install",
  });
  return reasons[path];
}
