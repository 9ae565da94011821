import { addressOf, checkProjectName } from "#domain/secrets/mod.ts";
import { messageOf } from "#errors/mod.ts";
import type { SecretAddress } from "#ports/secret_store.ts";
import { FieldErrors, type Fields } from "../fields.ts";
import type { JsonText } from "../json/mod.ts";
import { ifMatch } from "../query.ts";
import type { SecretsCall } from "../secrets_call.ts";

/** A text of at least one character. */
export function requiredText(fields: Fields, name: string): string {
  const text = fields.text(name);
  if (text === "" && fields.has(name)) tooShort(fields, name);
  return text;
}

/** A value of at least one character, as bytes. */
export function requiredValue(fields: Fields): Uint8Array {
  const text: JsonText = fields.bytes("value");
  if (text.bytes.length === 0 && fields.has("value")) tooShort(fields, "value");
  return text.bytes;
}

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

function tooShort(fields: Fields, name: string): void {
  const msg = "String should have at least 1 character";
  fields.add({ type: "string_too_short", loc: ["body", name], msg, ctx: { min_length: 1 } });
}

function checked<T>(member: string, check: () => T): T {
  try {
    return check();
  } catch (reason) {
    throw new FieldErrors([{ type: "value_error", loc: ["body", member], msg: `Value error, ${messageOf(reason)}` }]);
  }
}
