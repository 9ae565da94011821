/**
 * Where the daemon's parts are named, joined and stopped.
 *
 * @module
 */
import { FileSink, StdoutSink } from "#adapters/audit/mod.ts";
import { EnvectorLibrary } from "#adapters/native/mod.ts";
import { FileStateStore } from "#adapters/storage/files/mod.ts";
import { KeyFiles } from "#adapters/storage/keys/mod.ts";
import type { Config } from "#config/mod.ts";
import { AuditLog } from "#domain/audit/mod.ts";
import { KeyBundle, PublicKeys, ScoreDecryptor } from "#domain/fhe/mod.ts";
import { MetadataDecryptor } from "#domain/metadata/mod.ts";
import { TokenService } from "#domain/tokens/mod.ts";
import type { Observers, VaultParts } from "#edge/grpc/mod.ts";
import { messageOf, VaultError } from "#errors/mod.ts";
import type { AuditSink } from "#ports/audit_sink.ts";
import type { Clock } from "#ports/clock.ts";
import type { SecretKey } from "#ports/fhe_library.ts";
import type { Log } from "#ports/log.ts";

/** What the listeners serve, opened in the order of contract runevault.md 1.12. */
export interface Vault extends VaultParts {
  readonly secretKey: SecretKey;
}

export async function openVault(config: Config, log: Log, observers: Observers): Promise<Vault> {
  const { clock, metrics } = observers;
  const { keys, tokens: { teamSecret, rolesFile, tokensFile }, envector } = config;
  const store = new FileStateStore({ rolesFile, tokensFile, warn: (message) => log("warn", message) });
  const tokens = await TokenService.open({ store, clock, log, metrics });
  const keyFiles = new KeyFiles(keys.path);
  const secretKey = await openSecretKey(config, keyFiles, log, clock);
  return {
    tokens,
    secretKey,
    scores: new ScoreDecryptor(secretKey, metrics),
    metadata: new MetadataDecryptor(teamSecret, metrics),
    publicKeys: new PublicKeys(keyFiles),
    bundle: { teamSecret, indexName: keys.indexName, endpoint: envector.endpoint, apiKey: envector.apiKey },
    audit: await openAudit(config, log, observers),
    ...observers,
    log,
  };
}

/** Ends what openVault() opened, once no call can come in any more. */
export async function closeVault(vault: Vault): Promise<void> {
  await vault.tokens.flush();
  await vault.audit.close();
  await vault.secretKey.close();
}

async function openSecretKey(config: Config, store: KeyFiles, log: Log, clock: Clock): Promise<SecretKey> {
  const { library: path, embeddingDim } = config.keys;
  const bundle = new KeyBundle({ store, library: new EnvectorLibrary(path), clock });
  await named("ensure keys", () => bundle.ensure(embeddingDim, (line) => log("info", line)));
  return await named("open sec key", () => bundle.openSecretKey(embeddingDim));
}

async function openAudit({ audit }: Config, log: Log, { clock, metrics }: Observers): Promise<AuditLog> {
  const sinks: AuditSink[] = [];
  if (audit.file) {
    const sink = new FileSink({ path: audit.path, retention: audit.retention, clock });
    await named(`audit: ${audit.path}`, () => sink.prepare());
    sinks.push(sink);
  }
  if (audit.stdout) sinks.push(new StdoutSink());
  const warn = (message: string) => {
    metrics.auditFailed();
    log("error", message);
  };
  return new AuditLog(sinks, { failClosed: audit.failClosed, warn });
}

async function named<T>(step: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (reason) {
    throw new VaultError("FAILED_PRECONDITION", `daemon: ${step}: ${messageOf(reason)}`);
  }
}
