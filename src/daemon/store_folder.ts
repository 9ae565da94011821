import { dirname } from "node:path";
import { VaultError } from "#errors/mod.ts";

const PRIVATE = 0o700;
/** Of the group and of all others. */
const MAY_WRITE = 0o022, MODE_BITS = 0o777;

/**
 * Makes the database's folder when there is none. Whoever else may write there could put another file, or a way to one, in
 * the database's place.
 *
 * @throws {VaultError} FAILED_PRECONDITION when others may write to the folder, or the database is a symbolic link.
 */
export async function prepareStoreFolder(database: string): Promise<void> {
  const folder = dirname(database);
  await Deno.mkdir(folder, { recursive: true, mode: PRIVATE });
  const { mode } = await Deno.stat(folder);
  if (mode !== null && (mode & MAY_WRITE) !== 0) {
    const bits = (mode & MODE_BITS).toString(8).padStart(4, "0");
    throw new VaultError("FAILED_PRECONDITION", `others may write to ${folder} (mode ${bits}): chmod 700 ${folder}`);
  }
  if (await isLink(database)) {
    const text =
      `${database} is a symbolic link, and its journal would lie elsewhere: set secrets.database to the file`;
    throw new VaultError("FAILED_PRECONDITION", text);
  }
}

async function isLink(path: string): Promise<boolean> {
  try {
    return (await Deno.lstat(path)).isSymlink;
  } catch (reason) {
    if (reason instanceof Deno.errors.NotFound) return false;
    throw reason;
  }
}
