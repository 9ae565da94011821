import { libcSender } from "#adapters/native/mod.ts";
import { addressText, type Config, listenHost } from "#config/mod.ts";
import { type AdminServer, startAdminServer } from "#edge/admin/mod.ts";
import { GrpcServer } from "#edge/grpc/mod.ts";
import { messageOf, VaultError } from "#errors/mod.ts";
import { type Permissions, permissionsFor, servingPermissions } from "#permissions/mod.ts";
import { type Clock, systemClock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import { closeVault, openVault, type Vault } from "./compose.ts";
import { createLog } from "./log.ts";
import { createNotifier } from "./notify.ts";
import { PidFile } from "./pid_file.ts";
import { checkRuntime } from "./runtime_check.ts";
import { permissionsInForce, seal } from "./seal.ts";
import { type BuildInfo, openTelemetry } from "./telemetry.ts";
import { loadTlsFiles } from "./tls_files.ts";

/**
 * Runs the daemon in the foreground until SIGTERM or SIGINT; start and stop orders are those of contract runevault.md 1.12.
 *
 * @returns The exit code.
 * @throws When it cannot start; what was opened until then is closed again.
 */
export async function startDaemon(config: Config, build: BuildInfo): Promise<number> {
  const clock = systemClock, log = createLog(config.log, clock);
  checkRuntime(Deno.version.deno);
  for (const warning of config.warnings) log("warn", warning);
  using telemetry = await openTelemetry(config, build, clock);
  await using pidFile = await PidFile.acquire(config.daemon.pidFile);
  if (pidFile.staleWarning) log("warn", pidFile.staleWarning);
  const stopSignal = nextStopSignal();
  const vault = await openVault(config, log, { clock, ...telemetry });
  try {
    await serve(config, vault, stopSignal);
  } finally {
    await closeVault(vault);
  }
  log("info", "stopped");
  return 0;
}

async function serve(config: Config, vault: Vault, stopSignal: Promise<Deno.Signal>): Promise<void> {
  const { log, clock } = vault, { host, port } = config.server.grpc;
  const address = addressText({ host: listenHost(host), port });
  const grpc = new GrpcServer(vault);
  await grpc.listen(address, await tlsFilesOf(config, log, clock));
  try {
    using notifier = createNotifier({ log, open: libcSender(config.keys.library) });
    const granted = permissionsFor({ command: "daemon start", config });
    const admin = await startAdmin(config, vault, grpc, granted);
    try {
      seal(granted, servingPermissions(config));
      log("info", `serving gRPC on ${address}, admin on ${config.server.admin.socket}`);
      notifier.ready();
      log("info", `${await stopSignal}: draining`);
      notifier.stopping();
      await grpc.stop();
    } finally {
      await admin.stop();
    }
  } finally {
    await grpc.stop();
  }
}

async function startAdmin(
  config: Config,
  { tokens, log }: Vault,
  { health }: GrpcServer,
  granted: Permissions,
): Promise<AdminServer> {
  try {
    return await startAdminServer({
      socket: config.server.admin.socket,
      tokens,
      log,
      isServing: () => health.isServing,
      status: () => ({ permissions: permissionsInForce(granted) }),
    });
  } catch (reason) {
    throw new VaultError("FAILED_PRECONDITION", `server: admin: ${messageOf(reason)}`);
  }
}

async function tlsFilesOf({ server: { grpc: { tls } } }: Config, log: Log, clock: Clock) {
  if (!tls.disable) return await loadTlsFiles(tls, clock.now(), (message) => log("warn", message));
  log("warn", "TLS DISABLED — gRPC traffic is unencrypted. Do not use in production.");
  return undefined;
}

function nextStopSignal(): Promise<Deno.Signal> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(signal, () => resolve(signal));
  });
}
