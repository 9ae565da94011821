/**
 * What `/api` answers with: contract secrets.md B.5 and B.6.
 *
 * @module
 */
import type { OpenedSecret } from "#domain/secrets/mod.ts";
import type { Project, SecretRecord } from "#ports/secret_store.ts";
import type { Encodable } from "../json/mod.ts";
import { isoMicroseconds } from "../times.ts";

export function projectBody({ id, name, description, isDefault, createdAt, createdBy }: Project): Encodable {
  return {
    id,
    name,
    description,
    is_default: isDefault,
    created_at: isoMicroseconds(createdAt),
    created_by: createdBy,
  };
}

export function listItem({ id, project, path, currentVersion, updatedAt, updatedBy }: SecretRecord): Encodable {
  return {
    id,
    project,
    path,
    version: currentVersion,
    updated_at: isoMicroseconds(updatedAt),
    updated_by: updatedBy,
  };
}

/** A userpass secret, which only `/v1` knows, shows its password. */
export function secretBody({ secret: { id, project, path }, version, material }: OpenedSecret): Encodable {
  return {
    id,
    project,
    path,
    value: material.format === "opaque" ? material.value : material.password,
    version: version.version,
    updated_at: isoMicroseconds(version.createdAt),
    updated_by: version.createdBy,
  };
}

/** The same after a change, whose value the caller has sent. */
export function changedSecretBody(secret: SecretRecord, value: Uint8Array): Encodable {
  const { id, project, path, currentVersion, updatedAt, updatedBy } = secret;
  return {
    id,
    project,
    path,
    value,
    version: currentVersion,
    updated_at: isoMicroseconds(updatedAt),
    updated_by: updatedBy,
  };
}
