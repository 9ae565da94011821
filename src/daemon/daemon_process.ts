import { ProcessSignals } from "#adapters/native/process_signal.ts";
import type { Config } from "#config/config.ts";
import { messageOf } from "#errors/mod.ts";
import { isPidFileHeld, PidFileError, readPidFile } from "./pid_file.ts";
import { stopDaemon } from "./stop_daemon.ts";

/** What the PID file tells of the daemon; `unknown` when it, or the process, could not be looked at. */
export type DaemonState =
  | { readonly kind: "absent" }
  | { readonly kind: "alive" | "dead"; readonly pid: number }
  | { readonly kind: "unknown"; readonly pid?: number; readonly cause: string };

/** Never throws: `status` reports what it can. */
export async function daemonState({ daemon, keys }: Config): Promise<DaemonState> {
  let pid: number | undefined;
  try {
    pid = await readPidFile(daemon.pidFile);
    if (!await isPidFileHeld(daemon.pidFile)) return { kind: "dead", pid };
    using signals = new ProcessSignals(keys.library);
    return { kind: signals.isAlive(pid) ? "alive" : "dead", pid };
  } catch (reason) {
    if (reason instanceof PidFileError && reason.kind === "missing") return { kind: "absent" };
    return { kind: "unknown", pid, cause: messageOf(reason) };
  }
}

/** stopDaemon() for the daemon of this configuration, with the real clock and signals. */
export async function stopConfiguredDaemon(
  { daemon, keys }: Config,
  timeout: { readonly milliseconds: number; readonly text: string },
): Promise<number> {
  const sleep = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
  return await stopDaemon(daemon.pidFile, timeout, {
    openSignals: () => new ProcessSignals(keys.library),
    sleep,
    monotonic: () => performance.now(),
  });
}
