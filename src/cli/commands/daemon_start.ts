import { resolve } from "node:path";
import type { Config } from "#config/config.ts";
import { buildInfo } from "../build_info.ts";
import type { Command } from "../command.ts";
import type { Context } from "../context.ts";

export const daemonStart: Command = {
  name: "start",
  help: "Serve in the foreground until SIGTERM or SIGINT",
  usage: "runevault daemon start [-h]",
  options: [],
  examples: ["runevault daemon start --config /opt/rune-vault/configs/runevault.conf"],
  run: startConfiguredDaemon,
};

/** Resolves with the daemon's exit status once it has stopped. */
export async function startConfiguredDaemon({ values }: Context): Promise<number> {
  const { loadConfig, validateForStart } = await import("#config/mod.ts");
  const { config } = await loadConfig({ path: values.text("--config") });
  const effective = withAdminSocket(config, values.text("--admin-socket"));
  validateForStart(effective);
  const { startDaemon } = await import("#daemon/mod.ts");
  return await startDaemon(effective, buildInfo());
}

function withAdminSocket(config: Config, socket: string | undefined): Config {
  if (socket === undefined) return config;
  return { ...config, server: { ...config.server, admin: { socket: socket && resolve(socket) } } };
}
