import { addressOf, checkProjectName } from "#domain/secrets/mod.ts";
import { messageOf } from "#errors/mod.ts";
import type { SecretAddress } from "#ports/secret_store.ts";
import { FieldErrors, type Fields } from "../fields.ts";
import { ifMatch } from "../query.ts";
import type { SecretsCall } from "../secrets_call.ts";

/** @throws {FieldErrors} by the member that is no part of an address. */
export function addressOfFields(project: string, path: string): SecretAddress {
  projectOfField(project, "project");
  return checked("path", () => addressOf(project, path));
}

/** @throws {FieldErrors} */
export function projectOfField(project: string, member: string): string {
  checked(member, () => checkProjectName(project));
  return project;
}

/** From the member or from `If-Match`; both must say the same. */
export function expectedVersionOf(fields: Fields, { request }: SecretsCall): number | undefined {
  const member = fields.optionalInteger("expected_version"), header = ifMatch(request.header("if-match"));
  if (member !== undefined && header !== undefined && member !== header) {
    const msg = "Value error, 'expected_version' and If-Match differ";
    fields.add({ type: "value_error", loc: ["body", "expected_version"], msg });
  }
  return member ?? header;
}

function checked<T>(member: string, check: () => T): T {
  try {
    return check();
  } catch (reason) {
    throw new FieldErrors([{ type: "value_error", loc: ["body", member], msg: `Value error, ${messageOf(reason)}` }]);
  }
}
