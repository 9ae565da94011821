/**
 * The daemon's front door. What it opens is heavy and needs permissions of its own, so each part is loaded when called.
 *
 * @module
 */
import type { Config } from "#config/mod.ts";

export type { Row } from "#adapters/lists/mod.ts";
export type { SecretFolder } from "./secret_folder.ts";
export { systemClock } from "#ports/clock.ts";

/** What the running build says of itself. */
export interface Build {
  /** `vX.Y.Z`, or `dev`. */
  readonly version: string;
  readonly commit: string;
  readonly date: string;
}

/** Runs the daemon in the foreground. @returns The exit code after a clean stop. */
export async function startDaemon(config: Config, build: Build): Promise<number> {
  const start = await import("./start.ts");
  return await start.startDaemon(config, build);
}

/** Makes an install directory; never overwrites. */
export async function initInstall(options: { dir: string; print: (line: string) => void }): Promise<void> {
  const init = await import("./init_install.ts");
  await init.initInstall(options);
}

/** What issuing many tokens at once needs: the list's reader and the folder that the tokens go into. */
export async function issuing() {
  const { readRows } = await import("#adapters/lists/mod.ts");
  const { SecretFolder } = await import("./secret_folder.ts");
  return { readRows, SecretFolder };
}

/** Shows the service's log. @returns The exit code. */
export async function showServiceLog(options: { follow: boolean }): Promise<number> {
  const journal = await import("#adapters/journal/mod.ts");
  return await journal.showServiceLog(options);
}
