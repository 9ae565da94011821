import type { Config } from "#config/config.ts";
import type { DaemonState } from "#daemon/daemon_process.ts";
import { type Command, JSON_OPTION } from "../command.ts";
import type { DaemonReport, ExpiringToken } from "../daemon_report.ts";
import { type ProbeResult, probeText } from "../probe.ts";

interface Report {
  readonly config: Config;
  readonly socket: string;
  readonly address: string;
  readonly daemon: DaemonState;
  readonly admin: ProbeResult;
  readonly grpc: ProbeResult;
  /** What the daemon tells of itself; absent when it cannot be asked. */
  readonly told?: DaemonReport;
  /** The same for people. */
  readonly toldLines: readonly string[];
  /** Tokens that are about to expire; absent when the daemon cannot be asked. */
  readonly expiring?: readonly ExpiringToken[];
  /** The same for people. */
  readonly warnings: string;
}

export const status: Command = {
  name: "status",
  help: "Show whether the daemon is up",
  usage: "runevault status [-h]",
  options: [JSON_OPTION],
  examples: ["runevault status && echo up    (exit status 0: all is up, 2: something is down)"],
  async run(context) {
    const config = await context.config();
    const report = await probeAll(config, context.values.text("--admin-socket") ?? config.server.admin.socket);
    context.io.stderr(report.warnings);
    if (context.values.has("--json")) context.printJson(jsonOf(report));
    else context.io.stdout(textOf(report));
    return isUp(report) ? 0 : 2;
  },
};

async function probeAll(config: Config, socket: string): Promise<Report> {
  const { daemonState } = await import("#daemon/daemon_process.ts");
  const { probeAdmin } = await import("../admin_probe.ts");
  const { addressText } = await import("#config/mod.ts");
  const { probeGrpc } = await import("../grpc_probe.ts");
  const { daemonReport, expiringTokens, permissionLines } = await import("../daemon_report.ts");
  const { expiryWarnings } = await import("../expiry.ts");
  const [daemon, admin, grpc] = await Promise.all([
    daemonState(config),
    probeAdmin(socket),
    probeGrpc(config.server.grpc),
  ]);
  const told = admin.ok ? await daemonReport(socket) : undefined;
  const toldLines = told ? permissionLines(told) : [];
  const expiring = told ? await expiringTokens(socket, Date.now()) : undefined;
  const warnings = expiryWarnings(expiring ?? [], Date.now());
  const address = addressText(config.server.grpc);
  return { config, socket, address, daemon, admin, grpc, told, toldLines, expiring, warnings };
}

/** A missing PID file alone is no fault: a service manager may run the daemon. */
function isUp({ daemon, admin, grpc }: Report): boolean {
  return admin.ok && grpc.ok && (daemon.kind === "alive" || daemon.kind === "absent");
}

function textOf({ config, socket, address, daemon, admin, grpc, toldLines }: Report): string {
  return `Config:       ${config.source}
PID file:     ${config.daemon.pidFile}
  PID:        ${pidText(daemon)}
Admin socket: ${socket} (${probeText(admin)})
gRPC:         ${address} (${probeText(grpc)})
${toldLines.map((line) => `${line}\n`).join("")}`;
}

function pidText(daemon: DaemonState): string {
  if (daemon.kind === "absent") return "not present";
  if (daemon.kind === "unknown") return `${daemon.pid ?? "?"} (unknown — ${daemon.cause})`;
  return `${daemon.pid} (${daemon.kind === "alive" ? "alive" : "dead — stale PID file"})`;
}

function jsonOf(report: Report): unknown {
  const { config, socket, address, daemon, admin, grpc, told, expiring } = report;
  return {
    up: isUp(report),
    config: config.source,
    pid_file: { path: config.daemon.pidFile, ...daemon },
    admin: { socket, ...admin },
    grpc: { address, ...grpc },
    ...told,
    expiring_tokens: expiring,
  };
}
