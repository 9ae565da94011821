import { basename, join } from "node:path";
import { type Output, run } from "../support/test_vault.ts";

/** What the launcher needs of a machine, beside Deno. */
const PROGRAMS = ["sh", "sed", "readlink"];

/** Whether this user may make namespaces; without, a test that needs an empty machine is ignored. */
export async function canMakeRoots(): Promise<boolean> {
  try {
    return (await run("unshare", ["--mount", "--net", "--pid", "--ipc", "--uts", "--fork", "true"])).code === 0;
  } catch {
    return false;
  }
}

/** A machine with a C library, a shell, sed and readlink, and no network but its own loopback. */
export class EmptyRoot implements AsyncDisposable {
  private constructor(readonly path: string) {}

  /** @param programs Absolute paths of programs of this machine whose libraries are wanted too. */
  static async create(programs: readonly string[]): Promise<EmptyRoot> {
    const root = new EmptyRoot(await Deno.makeTempDir({ prefix: "rv-root-" }));
    for (const folder of ["bin", "dev", "proc", "tmp"]) await Deno.mkdir(join(root.path, folder));
    await Deno.writeTextFile(join(root.path, "dev/null"), ""); // this machine's is mounted over it
    for (const name of PROGRAMS) {
      const program = (await run("sh", ["-c", `command -v ${name}`])).stdout.trim();
      await Deno.copyFile(await Deno.realPath(program), join(root.path, "bin", name));
      await root.#copyLibraries(program);
    }
    for (const program of programs) await root.#copyLibraries(program);
    return root;
  }

  /** Runs a shell script in it, as root of that machine alone. */
  async run(script: string): Promise<Output> {
    const enter = new URL("./enter_root.ts", import.meta.url).pathname;
    const namespaces = ["--mount", "--net", "--pid", "--ipc", "--uts", "--fork", "--kill-child"];
    return await run("unshare", [...namespaces, Deno.execPath(), "run", "-A", "--quiet", enter, this.path, script]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }

  async #copyLibraries(program: string): Promise<void> {
    const { stdout } = await run("ldd", [program]);
    for (const [library] of stdout.matchAll(/\/\S+/g)) {
      const target = join(this.path, library.startsWith("/lib64/") ? "lib64" : "lib", basename(library));
      await Deno.mkdir(join(target, ".."), { recursive: true });
      await Deno.copyFile(await Deno.realPath(library), target);
    }
  }
}
