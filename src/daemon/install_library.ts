import { writeFileAtomic } from "#adapters/storage/files/mod.ts";
import { LIBRARY_SOURCE } from "#config/library_source.ts";
import { VaultError } from "#errors/mod.ts";

/** @throws {VaultError} when this release has no library, naming the way to it. */
export async function readLibrary(): Promise<Uint8Array> {
  try {
    return await Deno.readFile(LIBRARY_SOURCE);
  } catch (reason) {
    if (!(reason instanceof Deno.errors.NotFound)) throw reason;
    const text = `${LIBRARY_SOURCE} is missing: build it first with 'deno task build'`;
    throw new VaultError("FAILED_PRECONDITION", text);
  }
}

/** Puts this release's native library into an install. */
export async function installLibrary(path: string): Promise<void> {
  await writeFileAtomic(path, await readLibrary(), 0o500);
}
