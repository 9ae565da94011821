import { copyPathOf } from "#adapters/storage/files/mod.ts";
import { checkStoreFile, SqliteSecretStore } from "#adapters/storage/sqlite/mod.ts";
import type { Config } from "#config/mod.ts";
import { SecretsClient } from "#edge/admin/secrets_client.ts";
import { messageOf, VaultError } from "#errors/mod.ts";
import { exists } from "../exists.ts";

/** A consistent copy of the secrets' store, every record of which was read; it has no name any more and goes with it. */
export class StoreCopy implements AsyncDisposable {
  readonly #file: Deno.FsFile | undefined;

  private constructor(file?: Deno.FsFile) {
    this.#file = file;
  }

  /**
   * @param from Who has the store open: the daemon, which makes the copy then, or nobody.
   * @throws {VaultError} when there is no copy to be had, or a record in it is damaged.
   */
  static async make({ secrets, server }: Config, from: "daemon" | "files"): Promise<StoreCopy> {
    if (!secrets) return new StoreCopy();
    const { database } = secrets, path = copyPathOf(database);
    if (from === "files" && !await exists(database)) return new StoreCopy();
    const client = from === "daemon" ? new SecretsClient(server.admin.socket) : undefined;
    try {
      if (client) await client.makeCopy();
      else await copyHere(database, path);
      checkStoreFile(path);
      return new StoreCopy(await Deno.open(path));
    } catch (reason) {
      throw new VaultError("FAILED_PRECONDITION", `cannot back up ${database}: ${messageOf(reason)}`, {
        cause: reason,
      });
    } finally {
      await (client ? client.removeCopy() : Deno.remove(path)).catch(() => {});
    }
  }

  /** Undefined where there is no store. */
  get isThere(): boolean {
    return this.#file !== undefined;
  }

  async size(): Promise<number> {
    return (await this.#file!.stat()).size;
  }

  /** All of it, from its beginning; one reader at a time. */
  async *read(): AsyncGenerator<Uint8Array, void> {
    const file = this.#file!, chunk = new Uint8Array(65_536);
    await file.seek(0, Deno.SeekMode.Start);
    for (let count: number | null; (count = await file.read(chunk)) !== null;) yield chunk.slice(0, count);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#file?.close();
    return Promise.resolve();
  }
}

/** While no daemon runs, which the PID file's lock makes sure of. */
async function copyHere(database: string, path: string): Promise<void> {
  await Deno.remove(path).catch((reason) => {
    if (!(reason instanceof Deno.errors.NotFound)) throw reason;
  });
  await using store = new SqliteSecretStore(database);
  await store.snapshot(path);
}
