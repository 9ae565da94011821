import { libcSender } from "#adapters/native/mod.ts";
import { addressText, type Config, listenHost } from "#config/mod.ts";
import { type AdminOptions, type AdminServer, cloudBody, startAdminServer } from "#edge/admin/mod.ts";
import type { GrpcServer } from "#edge/grpc/mod.ts";
import { lastingStateOf } from "#domain/cloud/mod.ts";
import { messageOf, VaultError } from "#errors/mod.ts";
import { type Permissions, permissionsFor, servingPermissions } from "#permissions/mod.ts";
import { systemClock } from "#ports/clock.ts";
import { closeVault, openVault, type Vault } from "./compose.ts";
import { cloudNames } from "./cloud.ts";
import { createLog } from "./log.ts";
import type { Build } from "./mod.ts";
import { createNotifier } from "./notify.ts";
import { PidFile } from "./pid_file.ts";
import { PublicPort, type PublicPortOptions } from "./public_port.ts";
import { type Reloader, ReloadOnSignal } from "./reload.ts";
import { checkRuntime } from "./runtime_check.ts";
import { permissionsInForce, seal } from "./seal.ts";
import type { SecretsVault } from "./secrets_vault.ts";
import { metricsSurface, openTelemetry } from "./telemetry.ts";

/**
 * Runs the daemon in the foreground until SIGTERM or SIGINT; start and stop orders are those of contract runevault.md 1.12.
 *
 * @returns The exit code.
 * @throws When it cannot start; what was opened until then is closed again.
 */
export async function startDaemon(config: Config, build: Build): Promise<number> {
  const clock = systemClock, log = createLog(config.log, clock);
  checkRuntime(Deno.version.deno);
  for (const warning of config.warnings) log("warn", warning);
  using telemetry = await openTelemetry(config, build, clock);
  await using pidFile = await PidFile.acquire(config.daemon.pidFile);
  if (pidFile.staleWarning) log("warn", pidFile.staleWarning);
  const stopSignal = nextStopSignal();
  const vault = await openVault(config, log, { clock, ...telemetry });
  try {
    const secrets = await openSecrets(config, vault, build);
    try {
      const metrics = metricsSurface(vault, telemetry, () => lastingStateOf(vault.cloud.state));
      const surfaces = { "/metrics": metrics, ...secrets?.surfaces };
      await serve(config, vault, { version: build.version, surfaces, secrets }, stopSignal);
    } finally {
      await secrets?.close();
    }
  } finally {
    await closeVault(vault);
  }
  log("info", "stopped");
  return 0;
}

interface Served extends PublicPortOptions {
  /** Absent where the configuration has no section `secrets`. */
  readonly secrets: SecretsVault | undefined;
}

async function serve(
  config: Config,
  vault: Vault,
  { secrets, ...served }: Served,
  stopSignal: Promise<Deno.Signal>,
): Promise<void> {
  const { log } = vault, { grpc: { host, port }, http } = config.server;
  const address = addressText({ host: listenHost(host), port });
  const open = await PublicPort.open(config, vault, served);
  try {
    using notifier = createNotifier({ log, open: libcSender(config.keys.library) });
    const granted = permissionsFor({ command: "daemon start", config });
    const admin = await startAdmin(config, { vault, secrets }, open.grpc, granted);
    try {
      seal(granted, servingPermissions(config));
      using _reload = new ReloadOnSignal([open.reloader(config, vault), ...reloadersOf(secrets)], log, notifier);
      secrets?.start();
      const { socket } = config.server.admin;
      log("info", `serving gRPC on ${address}, admin on ${socket}${http.enable ? ", HTTP beside gRPC" : ""}`);
      notifier.ready();
      vault.cloud.start();
      log("info", `${await stopSignal}: draining`);
      notifier.stopping();
      await vault.cloud.stop(); // a forced registration would hold up the admin socket
      await open.stop();
    } finally {
      await admin.stop();
    }
  } finally {
    await open.stop();
  }
}

/** Without the section nothing of the engine is even loaded. */
async function openSecrets({ secrets }: Config, vault: Vault, { version }: Build): Promise<SecretsVault | undefined> {
  if (!secrets) return undefined;
  const { openSecretsVault } = await import("./secrets_vault.ts");
  return await openSecretsVault(secrets, { ...vault, version });
}

/** Loaded with the engine only. */
async function adminOf(config: Config, vault: Vault, secrets: SecretsVault): Promise<AdminOptions["secrets"]> {
  const { secretsAdmin } = await import("./secrets_admin.ts");
  return secretsAdmin(config.secrets!, vault, secrets);
}

function reloadersOf(secrets: SecretsVault | undefined): Reloader[] {
  return secrets ? [{ name: "policies", reload: async () => void await secrets.policies.reload() }] : [];
}

async function startAdmin(
  config: Config,
  { vault, secrets }: { readonly vault: Vault } & Pick<Served, "secrets">,
  { health }: GrpcServer,
  granted: Permissions,
): Promise<AdminServer> {
  try {
    const names = cloudNames(config);
    return await startAdminServer({
      socket: config.server.admin.socket,
      tokens: vault.tokens,
      log: vault.log,
      secrets: secrets && await adminOf(config, vault, secrets),
      isServing: () => health.isServing,
      cloud: { control: vault.cloud, names },
      status: () => ({ cloud: cloudBody(names, vault.cloud.state), permissions: permissionsInForce(granted) }),
    });
  } catch (reason) {
    throw new VaultError("FAILED_PRECONDITION", `server: admin: ${messageOf(reason)}`);
  }
}

function nextStopSignal(): Promise<Deno.Signal> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(signal, () => resolve(signal));
  });
}
