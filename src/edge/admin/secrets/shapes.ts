/**
 * The engine's records as the admin socket tells them; values are bytes until they are on the wire.
 *
 * @module
 */
import { canonicalName, type OpenedMaterial, type OpenedSecret } from "#domain/secrets/mod.ts";
import type { Project, SecretRecord, VersionSummary } from "#ports/secret_store.ts";
import { type Encodable, encodeJson } from "../../rest/secrets/json/mod.ts";
import { zuluSeconds, zuluTime } from "../../rest/secrets/times.ts";
import type { Reply } from "../reply.ts";

/** An answer with a value in it: its bytes are zeroed once they are sent. */
export function valueReply(status: number, body: Encodable): Reply {
  const bytes = encodeJson(body);
  return { status, body: bytes, onSent: () => bytes.fill(0) };
}

export function secretJson(secret: SecretRecord) {
  const { kind, format, description, currentVersion, rotationIntervalSeconds, graceSeconds, nextRotationAt } = secret;
  return {
    name: canonicalName(secret),
    kind,
    format,
    version: currentVersion,
    description,
    rotation_interval_secs: rotationIntervalSeconds,
    grace_period_secs: graceSeconds,
    next_rotation_at: nextRotationAt === null ? null : zuluSeconds(nextRotationAt),
    created_at: zuluTime(secret.createdAt),
    updated_at: zuluTime(secret.updatedAt),
    updated_by: secret.updatedBy,
  };
}

/** With the value of one version, whose number and time take the place of the secret's. */
export function openedJson({ secret, version: { version, createdAt, createdBy }, material }: OpenedSecret) {
  const { updated_at: _at, updated_by: _by, ...record } = secretJson(secret);
  return { ...record, version, updated_at: zuluTime(createdAt), updated_by: createdBy, ...materialJson(material) };
}

export function materialJson(material: OpenedMaterial) {
  if (material.format === "opaque") return { value: material.value };
  return { username: material.username, password: material.password };
}

export function versionJson({ version, createdAt, createdBy, expiresAt, algorithm, keyId }: VersionSummary) {
  return {
    version,
    created_at: zuluTime(createdAt),
    created_by: createdBy,
    expires_at: expiresAt === null ? null : zuluSeconds(expiresAt),
    algorithm,
    key_id: keyId,
  };
}

export function projectJson({ name, description, isDefault, createdAt, createdBy }: Project) {
  return { name, description, is_default: isDefault, created_at: zuluTime(createdAt), created_by: createdBy };
}
