/**
 * A secret with its history as JSON: of the socket's export and import, and of export files.
 *
 * @module
 */
import {
  addressOf,
  type OpenedMaterial,
  parseAddress,
  type PortableSecret,
  type PortableVersion,
} from "#domain/secrets/mod.ts";
import { VaultError } from "#errors/mod.ts";
import { Fields } from "../../rest/secrets/fields.ts";
import type { Encodable, JsonValue } from "../../rest/secrets/json/mod.ts";
import { materialJson } from "./shapes.ts";

/** Times are unix seconds where they schedule and milliseconds where they tell, as in the store. */
export function portableJson({ address, versions, ...secret }: PortableSecret): Encodable {
  return {
    project: address.project,
    path: address.path,
    kind: secret.kind,
    format: secret.format,
    description: secret.description,
    rotation_interval_secs: secret.rotationIntervalSeconds,
    grace_period_secs: secret.graceSeconds,
    next_rotation_at: secret.nextRotationAt,
    current_version: secret.currentVersion,
    created_at_ms: secret.createdAt,
    updated_at_ms: secret.updatedAt,
    updated_by: secret.updatedBy,
    versions: versions.map(({ version, createdAt, createdBy, expiresAt, material }) => ({
      version,
      created_at_ms: createdAt,
      created_by: createdBy,
      expires_at: expiresAt,
      ...materialJson(material),
    })),
  };
}

/** The reverse. Values are the very bytes of the JSON, which are wiped with it. @throws {FieldErrors} {VaultError} */
export function portableIn(json: JsonValue): PortableSecret {
  const fields = new Fields(json), versions = json instanceof Map ? json.get("versions") : undefined;
  const project = fields.optionalText("project"), path = fields.text("path");
  const kind = fields.choice("kind", ["manual", "automatic"]);
  const format = fields.choice("format", ["opaque", "userpass"]);
  const secret = {
    kind,
    format,
    description: fields.optionalText("description") ?? null,
    rotationIntervalSeconds: fields.optionalInteger("rotation_interval_secs") ?? null,
    graceSeconds: fields.optionalInteger("grace_period_secs") ?? 0,
    nextRotationAt: fields.optionalInteger("next_rotation_at") ?? null,
    currentVersion: integerIn(fields, "current_version"),
    createdAt: integerIn(fields, "created_at_ms"),
    updatedAt: integerIn(fields, "updated_at_ms"),
    updatedBy: fields.text("updated_by"),
  };
  fields.check();
  const address = project === undefined ? parseAddress(path) : addressOf(project, path);
  if (!Array.isArray(versions)) throw new VaultError("INVALID_ARGUMENT", "versions: Input should be a valid list");
  return { ...secret, address, versions: versions.map((version) => versionIn(version, format)) };
}

function versionIn(json: JsonValue, format: OpenedMaterial["format"]): PortableVersion {
  const fields = new Fields(json);
  const version = {
    version: integerIn(fields, "version"),
    createdAt: integerIn(fields, "created_at_ms"),
    createdBy: fields.text("created_by"),
    expiresAt: fields.optionalInteger("expires_at") ?? null,
    material: format === "opaque"
      ? { format, value: fields.bytes("value").bytes }
      : { format, username: fields.bytes("username").bytes, password: fields.bytes("password").bytes },
  };
  fields.check();
  return version;
}

/** 0 when it is missing; check() throws then. */
function integerIn(fields: Fields, name: string): number {
  if (!fields.has(name)) fields.note("integer", name);
  return fields.optionalInteger(name) ?? 0;
}
