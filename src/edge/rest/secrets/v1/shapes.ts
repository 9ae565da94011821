/**
 * What `/v1` answers with: contract secrets.md A.4.
 *
 * @module
 */
import type { OpenedSecret, Verdict } from "#domain/secrets/mod.ts";
import type { SecretRecord } from "#ports/secret_store.ts";
import type { Encodable } from "../json/mod.ts";
import { zuluSeconds, zuluTime } from "../times.ts";
import { publicName } from "./names.ts";

export function secretValue({ secret, version, material }: OpenedSecret): Encodable {
  return {
    name: publicName(secret),
    kind: secret.kind,
    format: secret.format,
    version: version.version,
    ...material.format === "opaque"
      ? { value: material.value }
      : { username: material.username, password: material.password },
    created_at: zuluTime(version.createdAt),
  };
}

export function secretMetadata(secret: SecretRecord): Encodable {
  return {
    name: publicName(secret),
    kind: secret.kind,
    format: secret.format,
    description: secret.description,
    version: secret.currentVersion,
    rotation_interval_secs: secret.rotationIntervalSeconds,
    grace_period_secs: secret.graceSeconds,
    next_rotation_at: secret.nextRotationAt === null ? null : zuluSeconds(secret.nextRotationAt),
    created_at: zuluTime(secret.createdAt),
    updated_at: zuluTime(secret.updatedAt),
  };
}

export function verdictBody({ valid, version }: Verdict): Encodable {
  return { valid, version };
}
