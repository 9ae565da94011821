import { join } from "node:path";
import { syncDirectory } from "#adapters/storage/files/mod.ts";
import { VaultError } from "#errors/mod.ts";

/** A file that is to hold a secret: its name is taken, so that the secret need only be made when it can be kept. */
export interface SecretFile {
  /** Writes the content, durably; mode 0600. */
  write(text: string): Promise<void>;
  /** Gives the name free again, unless the content is there. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A private directory that secrets are handed over in, one a file. */
export class SecretFolder {
  private constructor(readonly path: string) {}

  /** Makes it, mode 0700, when missing; its parent must be there. */
  static async open(path: string): Promise<SecretFolder> {
    await Deno.mkdir(path, { mode: 0o700 }).catch((reason) => {
      if (!(reason instanceof Deno.errors.AlreadyExists)) throw reason;
    });
    if (!(await Deno.stat(path)).isDirectory) throw new VaultError("FAILED_PRECONDITION", `${path} is no directory`);
    return new SecretFolder(path);
  }

  /** @throws {VaultError} when one of the names is taken. */
  async checkFree(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const path = join(this.path, name);
      const found = await Deno.lstat(path).catch((reason) => {
        if (!(reason instanceof Deno.errors.NotFound)) throw reason;
      });
      if (found) throw new VaultError("FAILED_PRECONDITION", `${path} is there already`);
    }
  }

  /** Nobody ever sees a half-written file under the name, and none that is there is replaced. */
  async reserve(name: string): Promise<SecretFile> {
    const { path: folder } = this, path = join(folder, name), partial = join(folder, `.${name}.partial`);
    await this.checkFree([name]);
    const file = await Deno.open(partial, { write: true, createNew: true, mode: 0o600 });
    let isOpen = true, isPending = true;
    const close = () => {
      if (isOpen) file.close();
      isOpen = false;
    };
    const write = async (text: string) => {
      const bytes = new TextEncoder().encode(text);
      for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
      await Deno.chmod(partial, 0o600); // a strict umask may have taken the owner's own right
      await file.sync();
      close();
      await Deno.link(partial, path); // unlike a rename, replaces nothing
      await Deno.remove(partial);
      isPending = false;
      await syncDirectory(folder);
    };
    const dispose = async () => {
      close();
      if (isPending) await Deno.remove(partial).catch(() => {});
    };
    return { write, [Symbol.asyncDispose]: dispose };
  }
}
