import { join } from "node:path";

const MINIMAL_PASSWD = "root:x:0:0:root:/root:/bin/sh\n";

/** The root directory of a system that does not run: install.sh puts everything below it. */
export class SystemRoot implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async create(): Promise<SystemRoot> {
    const root = new SystemRoot(await Deno.makeTempDir({ prefix: "rv-system-" }));
    await Deno.chmod(root.path, 0o755); // the vault's own account must come through
    await Deno.mkdir(root.at("/etc"));
    await Deno.writeTextFile(root.at("/etc/passwd"), MINIMAL_PASSWD);
    await Deno.writeTextFile(root.at("/etc/group"), "root:x:0:\n");
    return root;
  }

  /** Where a path of that system is on this one. */
  at(path: string): string {
    return join(this.path, path);
  }

  /** `user:group`, with `vault` for the account and its group, and the mode with its sticky bit. */
  ownerAndMode(path: string): [owner: string, mode: number] {
    const { uid, gid, mode } = Deno.statSync(this.at(path));
    const line = /^runevault:[^:]*:(\d+):(\d+):/m.exec(Deno.readTextFileSync(this.at("/etc/passwd"))) ?? [];
    const name = (id: number | null, own: string) => id === 0 ? "root" : `${id}` === own ? "vault" : `${id}`;
    return [`${name(uid, line[1])}:${name(gid, line[2])}`, mode! & 0o7777];
  }

  /** Every file below these folders with what would show that it was touched. */
  snapshot(folders: readonly string[]): string[] {
    return folders.flatMap((folder) => {
      const { isDirectory, ino, mode, uid, mtime } = Deno.lstatSync(this.at(folder));
      if (!isDirectory) return [`${folder} ${ino} ${mode} ${uid} ${mtime?.getTime()}`];
      const names = [...Deno.readDirSync(this.at(folder))].map(({ name }) => join(folder, name)).sort();
      return [`${folder} ${mode} ${uid}`, ...this.snapshot(names)];
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}
