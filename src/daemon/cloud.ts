import { EnvectorClient, trustedCertificates } from "#adapters/cloud/mod.ts";
import { addressText, type CloudEndpoint, cloudEndpointOf, type Config } from "#config/mod.ts";
import { type CloudControl, CloudRegistration, offlineCloud } from "#domain/cloud/mod.ts";
import { holdLegacyEvalKey, KEY_ID, openEvalKey } from "#domain/fhe/mod.ts";
import type { CloudNames } from "#edge/admin/mod.ts";
import type { Clock } from "#ports/clock.ts";
import type { KeyStore, OpenKeyFile } from "#ports/key_store.ts";
import type { Log } from "#ports/log.ts";
import { systemTimer } from "#ports/timer.ts";

/** Names another file of certificate authorities, as for every gRPC program. */
const ROOTS_VARIABLE = "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH";

/**
 * The vault's way to the cloud; nothing is sent before its start(). Reads what the seal takes away: certificates,
 * environment and a legacy evaluation key.
 *
 * @throws When the process may not connect to the cloud, or the certificate authorities or that key cannot be read.
 */
export async function openCloud(config: Config, store: KeyStore, log: Log, clock: Clock): Promise<CloudControl> {
  const address = cloudEndpointOf(config);
  if (!address) return offlineCloud(log);
  checkPermission(addressText(address));
  const { certificates: ca, source } = await trustedCertificates(Deno.env.get(ROOTS_VARIABLE));
  log("debug", `cloud: ${ca.length} certificate authorities from ${source}`);
  const legacyKey = await holdLegacyEvalKey(store);
  return registration(config, address, { store, log, clock, ca, legacyKey });
}

/** Flags are fixed when an executable is compiled, and those of the example configuration name no cloud. */
function checkPermission(host: string): void {
  if (Deno.permissions.querySync({ name: "net", host }).state === "granted") return;
  throw new Error(
    `no permission to connect to ${host} (envector.endpoint): start the vault with the package's launcher, ` +
      "which reads the configuration; an executable of 'deno task compile' has no permission for a cloud",
  );
}

interface RegistrationParts {
  readonly store: KeyStore;
  readonly log: Log;
  readonly clock: Clock;
  readonly ca: readonly string[];
  /** Held until the registration is stopped. */
  readonly legacyKey: OpenKeyFile | undefined;
}

function registration(
  config: Config,
  address: CloudEndpoint,
  { store, log, clock, ca, legacyKey }: RegistrationParts,
): CloudControl {
  const { envector: { apiKey }, keys: { indexName, embeddingDim: dim } } = config;
  return new CloudRegistration({
    connect: () => new EnvectorClient({ address, apiKey, ca }),
    residency: { keyId: KEY_ID, openEvalKey: () => openEvalKey(store, legacyKey), indexName, dim },
    endpoint: addressText(address),
    clock,
    timer: systemTimer,
    log,
    onStopped: () => legacyKey?.[Symbol.dispose](),
  });
}

/** What status and admin socket tell of the configuration. */
export function cloudNames(config: Config): CloudNames {
  const address = cloudEndpointOf(config);
  return { endpoint: address ? addressText(address) : "", keyId: KEY_ID, index: config.keys.indexName };
}
