import type { Command } from "../command.ts";
import { startConfiguredDaemon } from "./daemon_start.ts";
import { stopAndReport } from "./daemon_stop.ts";

export const daemonRestart: Command = {
  name: "restart",
  help: "Stop the daemon if it runs, then serve in the foreground",
  usage: "runevault daemon restart [-h] [--timeout TIMEOUT]",
  options: [],
  examples: ["runevault daemon restart"],
  async run(context) {
    const { NotRunningError } = await import("#daemon/stop_daemon.ts");
    try {
      await stopAndReport(context);
    } catch (reason) {
      if (!(reason instanceof NotRunningError)) throw reason;
      context.io.stderr(`Warning: ${reason.message}\n`);
    }
    return await startConfiguredDaemon(context);
  },
};
