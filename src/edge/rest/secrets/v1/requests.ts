import type { Material } from "#domain/secrets/mod.ts";
import { VaultError } from "#errors/mod.ts";
import type { Fields } from "../fields.ts";
import { ifMatch } from "../query.ts";
import type { SecretsCall } from "../secrets_call.ts";

export function materialOf(fields: Fields): Material {
  return {
    value: fields.optionalBytes("value")?.bytes,
    username: fields.optionalBytes("username")?.bytes,
    password: fields.optionalBytes("password")?.bytes,
  };
}

export function timingOf(fields: Fields) {
  return {
    description: fields.optionalText("description"),
    rotationIntervalSeconds: fields.optionalInteger("rotation_interval_secs"),
    graceSeconds: fields.optionalInteger("grace_period_secs"),
  };
}

/** From the member or from `If-Match`; both must say the same. @throws {VaultError} INVALID_ARGUMENT. */
export function expectedVersionOf(fields: Fields, { request }: SecretsCall): number | undefined {
  const member = fields.optionalInteger("expected_version"), header = ifMatch(request.header("if-match"));
  if (member !== undefined && header !== undefined && member !== header) {
    throw new VaultError("INVALID_ARGUMENT", "'expected_version' and If-Match differ");
  }
  return member ?? header;
}
