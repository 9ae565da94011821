import { join } from "node:path";
import { type Config, loadConfig } from "#config/mod.ts";
import { type Permissions, permissionsFor } from "#permissions/mod.ts";
import { ROOT } from "./paths.ts";

/** runevault.conf.example as it would be read at `<prefix>/configs/runevault.conf`. */
export async function exampleConfig(prefix: string): Promise<Config> {
  const directory = await Deno.makeTempDir({ prefix: "runevault-example-" });
  try {
    await Deno.mkdir(join(directory, "configs"));
    const path = join(directory, "configs/runevault.conf");
    await Deno.copyFile(`${ROOT}runevault.conf.example`, path);
    await Deno.chmod(path, 0o600);
    const { config } = await loadConfig({ path, secrets: false });
    return JSON.parse(JSON.stringify(config).replaceAll(directory, prefix));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/**
 * What an executable may do, whatever its command line: flags are fixed when it is built. The daemon needs most; `init`,
 * `status` and the admin commands add the address of the socket and of the probe, which the daemon's seal takes away
 * again. No command may start a program, so `runevault logs` of the journal is not in it; nor are files elsewhere, so lists
 * for `token issue --for-each` and backups work in the install directory alone, and a restore, which writes beside it, not
 * at all (src/cli/failure_text.ts says so).
 */
export async function executablePermissions(prefix: string): Promise<Permissions> {
  const config = await exampleConfig(prefix);
  const all = [
    permissionsFor({ command: "daemon start", config }),
    permissionsFor({ command: "daemon restart", config }),
    permissionsFor({ command: "status", config }),
    permissionsFor({ command: "admin", socket: config.server.admin.socket, config }),
    permissionsFor({ command: "audit log", config }),
    permissionsFor({ command: "init", dir: prefix, librarySource: join(prefix, "bin/libenvector.so") }),
  ];
  const union = (kind: keyof Permissions) => [...new Set(all.flatMap((permissions) => permissions[kind]))];
  const kinds = Object.keys(all[0]) as (keyof Permissions)[];
  return Object.fromEntries(kinds.map((kind) => [kind, union(kind)])) as unknown as Permissions;
}
