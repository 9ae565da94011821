/**
 * The secrets engine, joined: loaded only where the configuration has the section `secrets`.
 *
 * @module
 */
import { SqliteSecretStore } from "#adapters/storage/sqlite/mod.ts";
import type { SecretsConfig } from "#config/mod.ts";
import type { AuditLog } from "#domain/audit/mod.ts";
import type { Lockout } from "#domain/lockout/mod.ts";
import type { PolicyService } from "#domain/policies/mod.ts";
import { EnvelopeSealer, RewrapService } from "#domain/sealing/mod.ts";
import { type Rotation, ROTATION_ACTOR, RotationWorker, SecretEngine } from "#domain/secrets/mod.ts";
import type { TokenService } from "#domain/tokens/mod.ts";
import { secretsSurfaces } from "#edge/rest/secrets/mod.ts";
import type { HttpSurface } from "#edge/rest/surface.ts";
import { messageOf, VaultError } from "#errors/mod.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { SecretStore } from "#ports/secret_store.ts";
import { systemTimer } from "#ports/timer.ts";
import { openAccess } from "./compose_access.ts";
import { checkMasterKeys } from "./key_check.ts";
import { openKeyEncryption } from "./key_encryption.ts";
import { Opened } from "./opened.ts";
import { prepareStoreFolder } from "./store_folder.ts";

/** What the engine shares with the rest of the vault. */
export interface SharedParts {
  readonly tokens: TokenService;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly log: Log;
  /** Of the vault, for openapi.json. */
  readonly version: string;
}

/** The services of the engine; both HTTP surfaces and the admin socket work on these. */
export interface SecretsVault {
  readonly engine: SecretEngine;
  readonly store: SecretStore;
  readonly sealer: EnvelopeSealer;
  readonly policies: PolicyService;
  readonly lockout: Lockout;
  readonly rewrap: RewrapService;
  readonly surfaces: Readonly<Record<string, HttpSurface>>;
  /** Begins what runs in the background. */
  start(): void;
  /** Once no call can come in any more. */
  close(): Promise<void>;
}

/** @throws {VaultError} FAILED_PRECONDITION naming what is not right; what was opened until then is closed again. */
export async function openSecretsVault(config: SecretsConfig, shared: SharedParts): Promise<SecretsVault> {
  const opened = new Opened();
  try {
    return await open(config, shared, opened);
  } catch (reason) {
    await opened.close();
    throw new VaultError("FAILED_PRECONDITION", `secrets: ${messageOf(reason)}`);
  }
}

async function open(config: SecretsConfig, shared: SharedParts, opened: Opened): Promise<SecretsVault> {
  const { clock, log } = shared, { keepVersions } = config;
  const store = await openStore(config, opened);
  const access = await openAccess(config, { ...shared, lockouts: store.lockouts });
  opened.add(access.lockout, (lockout) => lockout.flush());
  const env = (name: string) => Deno.env.get(name);
  const keys = opened.add(await openKeyEncryption(config.kms, { clock, timer: systemTimer, env }), (it) => it.close());
  if (config.kms.mode === "local") await checkMasterKeys(keys, store, log);
  const rewrapOptions = { isEnabled: config.rewrap.enable, maxPerSecond: config.rewrap.maxPerSecond };
  const rewrap = opened.add(await RewrapService.open({ store, keys, clock, log }, rewrapOptions), (it) => it.stop());
  const sealer = new EnvelopeSealer({ keys, algorithm: config.cipher, rotationAt: () => rewrap.rotationAt });
  const engine = new SecretEngine({ store, sealer, clock }, { keepVersions });
  const onRotation = (rotation: Rotation) => auditRotation(rotation, shared);
  const worker = new RotationWorker({ engine, store, clock, log, onRotation }, { keepVersions });
  opened.add(worker, (worker) => worker.stop());
  const probe = () => store.listNames({ prefix: "", after: "", limit: 1 }); // no record: one that is damaged is not all
  const surfaces = secretsSurfaces({ ...shared, ...access, engine, probe });
  return {
    ...access,
    engine,
    store,
    sealer,
    rewrap,
    surfaces,
    start: () => {
      worker.start(every(config.rotationPollSeconds));
      rewrap.start(every(config.rewrap.pollSeconds));
    },
    close: () => opened.close(),
  };
}

async function openStore({ database }: SecretsConfig, opened: Opened): Promise<SqliteSecretStore> {
  await prepareStoreFolder(database);
  return opened.add(new SqliteSecretStore(database), (store) => store.close());
}

function every(seconds: number): (callback: () => void) => () => void {
  return (callback) => {
    const timer = setInterval(callback, seconds * 1000);
    return () => clearInterval(timer);
  };
}

async function auditRotation({ name, version, error }: Rotation, { audit, clock }: SharedParts): Promise<void> {
  const [project, ...path] = name.split("/");
  await audit.record({
    time: clock.now(),
    user: ROTATION_ACTOR,
    method: "secret_rotate",
    topK: null,
    resultCount: error === undefined ? 1 : 0,
    status: error === undefined ? "success" : "error",
    sourceIp: "local",
    latencyMs: 0,
    error,
    resource: `secret:${project}:${path.join("/")}`,
    version,
  });
}
