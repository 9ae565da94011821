import type { Command } from "../command.ts";
import type { Context } from "../context.ts";
import { parseTimeout } from "../durations.ts";

export const daemonStop: Command = {
  name: "stop",
  help: "Stop the daemon and wait until it has exited",
  usage: "runevault daemon stop [-h] [--timeout TIMEOUT]",
  options: [],
  examples: ["runevault daemon stop", "runevault daemon stop --timeout 1m30s"],
  run: stopAndReport,
};

/** @throws {NotRunningError} when there is nothing to stop; Error when the daemon does not exit in time. */
export async function stopAndReport(context: Context): Promise<void> {
  const timeout = parseTimeout(context.values.text("--timeout"));
  const config = await context.config();
  const { stopConfiguredDaemon } = await import("#daemon/daemon_process.ts");
  context.printLine(`Daemon (pid ${await stopConfiguredDaemon(config, timeout)}) stopped.`);
}
