import { VaultError } from "#errors/mod.ts";

const PROGRAM = "journalctl";

/**
 * Shows the log of the systemd service on this process's own stdout and stderr.
 *
 * @param options.follow Goes on with new entries until it is interrupted.
 * @returns journalctl's exit code.
 * @throws {VaultError} where there is no journalctl.
 */
export async function showServiceLog({ follow }: { follow: boolean }): Promise<number> {
  const args = ["-u", "runevault", "--no-pager", ...follow ? ["-f"] : []];
  try {
    // Without an environment: Deno refuses to hand LD_PRELOAD and the like to a program under a scoped permission.
    const { code } = await new Deno.Command(PROGRAM, { args, clearEnv: true, stdin: "null" }).spawn().status;
    return code;
  } catch (reason) {
    if (!(reason instanceof Deno.errors.NotFound)) throw reason;
    throw new VaultError(
      "FAILED_PRECONDITION",
      `${PROGRAM} not found: only where systemd runs the vault does the system keep its log; elsewhere it is on the ` +
        "daemon's stderr ('runevault logs --audit' shows the audit log)",
    );
  }
}
