import { EnvectorClient, trustedCertificates } from "#adapters/cloud/mod.ts";
import { addressText, type CloudEndpoint, cloudEndpointOf, type Config } from "#config/mod.ts";
import { type CloudControl, CloudRegistration, offlineCloud } from "#domain/cloud/mod.ts";
import { EvalKey, KEY_ID } from "#domain/fhe/mod.ts";
import type { CloudNames } from "#edge/admin/mod.ts";
import type { Clock } from "#ports/clock.ts";
import type { KeyStore } from "#ports/key_store.ts";
import type { Log } from "#ports/log.ts";
import { systemTimer } from "#ports/timer.ts";

/** Names another file of certificate authorities, as for every gRPC program. */
const ROOTS_VARIABLE = "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH";

/**
 * The vault's way to the cloud; nothing is sent before its start(). Reads what the seal takes away: certificates and
 * environment.
 *
 * @throws When the certificate authorities cannot be read.
 */
export async function openCloud(config: Config, store: KeyStore, log: Log, clock: Clock): Promise<CloudControl> {
  const address = cloudEndpointOf(config);
  if (!address) return offlineCloud(log);
  const { certificates: ca, source } = await trustedCertificates(Deno.env.get(ROOTS_VARIABLE));
  log("debug", `cloud: ${ca.length} certificate authorities from ${source}`);
  return registration(config, address, { store, log, clock, ca });
}

interface RegistrationParts {
  readonly store: KeyStore;
  readonly log: Log;
  readonly clock: Clock;
  readonly ca: readonly string[];
}

function registration(config: Config, address: CloudEndpoint, { store, log, clock, ca }: RegistrationParts) {
  const { envector: { apiKey }, keys: { indexName, embeddingDim: dim } } = config;
  return new CloudRegistration({
    connect: () => new EnvectorClient({ address, apiKey, ca }),
    residency: { keyId: KEY_ID, openEvalKey: () => EvalKey.open(store), indexName, dim },
    endpoint: addressText(address),
    clock,
    timer: systemTimer,
    log,
  });
}

/** What status and admin socket tell of the configuration. */
export function cloudNames(config: Config): CloudNames {
  const address = cloudEndpointOf(config);
  return { endpoint: address ? addressText(address) : "", keyId: KEY_ID, index: config.keys.indexName };
}
