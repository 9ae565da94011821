import { parseRoles, parseTokens, StateYaml } from "#adapters/storage/files/mod.ts";
import type { Config } from "#config/mod.ts";
import { AdminClient, type SnapshotJson } from "#edge/admin/admin_client.ts";
import { messageOf, VaultError } from "#errors/mod.ts";
import { PidFile, PidFileError } from "../pid_file.ts";

/** roles.yml and tokens.yml of one moment. */
export interface StateTexts extends AsyncDisposable {
  readonly roles: string;
  readonly tokens: string;
  /** Who told: the daemon, or the files while no daemon runs. */
  readonly from: "daemon" | "files";
}

/**
 * Roles and tokens that belong together. The two files are replaced one after the other, so while a daemon runs it is
 * asked for the state that it has on disk; while none runs, the PID file's lock keeps one from starting until disposal.
 *
 * @throws {VaultError} when the daemon does not answer, or the files are not valid.
 */
export async function readState(config: Config): Promise<StateTexts> {
  const lock = await lockOrUndefined(config.daemon.pidFile);
  if (!lock) return await askDaemon(config);
  try {
    const { rolesFile, tokensFile } = config.tokens;
    const [roles, tokens] = [await Deno.readTextFile(rolesFile), await Deno.readTextFile(tokensFile)];
    parseRoles(roles, rolesFile);
    parseTokens(tokens, tokensFile);
    return { roles, tokens, from: "files", [Symbol.asyncDispose]: () => lock.release() };
  } catch (reason) {
    await lock.release();
    throw reason;
  }
}

/** Undefined when a daemon holds it. */
async function lockOrUndefined(path: string): Promise<PidFile | undefined> {
  try {
    return await PidFile.acquire(path);
  } catch (reason) {
    if (reason instanceof PidFileError && reason.kind === "locked") return undefined;
    throw reason;
  }
}

async function askDaemon({ server: { admin } }: Config): Promise<StateTexts> {
  try {
    const { roles, tokens } = stateOf(await new AdminClient(admin.socket).snapshot());
    const yaml = new StateYaml();
    return {
      roles: yaml.roles(roles),
      tokens: yaml.tokens(tokens),
      from: "daemon",
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  } catch (reason) {
    throw new VaultError("FAILED_PRECONDITION", `the daemon runs, but does not tell its state: ${messageOf(reason)}`);
  }
}

function stateOf({ roles, tokens }: SnapshotJson) {
  return {
    roles: roles.map(({ name, scope, top_k, rate_limit }) => ({ name, scope, topK: top_k, rateLimit: rate_limit })),
    tokens: tokens.map(({ user, token, role, issued_at, expires }) => {
      const kept = { user, token, role, issuedAt: issued_at };
      return expires === undefined ? kept : { ...kept, expires };
    }),
  };
}
