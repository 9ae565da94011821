/**
 * The shapes of both surfaces as JSON Schema, by the names that `openapi.json` gives them. Shapes: contract secrets.md
 * A.4 and B.5 to B.6, as decisions.md section 3 changes them.
 *
 * @module
 */
type Schema = Readonly<Record<string, unknown>>;

const string: Schema = { type: "string" };
const boolean: Schema = { type: "boolean" };
const count: Schema = { type: "integer", minimum: 1 };
const seconds: Schema = { type: "integer", minimum: 0 };
const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: "null" }] });
const listOf = (schema: Schema): Schema => ({ type: "array", items: schema });

/** All members that are not optional are required, and there are no others. */
function object(members: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema {
  const required = Object.keys(members).filter((member) => !optional.includes(member));
  return { type: "object", properties: members, ...required.length > 0 && { required }, additionalProperties: false };
}

/** What a client sends: members that are not known are ignored. */
function request(members: Readonly<Record<string, Schema>>, required: readonly string[]): Schema {
  return { type: "object", properties: members, required };
}

const name: Schema = {
  type: "string",
  minLength: 1,
  maxLength: 320,
  description: "project/path; a name without a slash is default/<name>",
};
const project: Schema = { type: "string", pattern: "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$" };
const path: Schema = {
  type: "string",
  minLength: 1,
  maxLength: 255,
  pattern: "^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$",
  description: "Segments . and .. are refused",
};
const kind: Schema = { enum: ["manual", "automatic"] };
const format: Schema = { enum: ["opaque", "userpass"] };
const value: Schema = { type: "string", minLength: 1, description: "1 byte to 64 KiB of UTF-8" };
const zulu: Schema = {
  type: "string",
  pattern: "^[0-9-]{10}T[0-9:]{8}Z$",
  description: "RFC 3339, UTC, whole seconds",
};
const iso: Schema = {
  type: "string",
  pattern: "^[0-9-]{10}T[0-9:]{8}\\.[0-9]{6}$",
  description: "ISO 8601, UTC without a zone, microseconds",
};
const description = orNull({ type: "string", maxLength: 500 });
const expectedVersion: Schema = { ...count, description: "409 when the current version is another; as If-Match" };

const payload = { value, username: value, password: value };
const timing = { description, rotation_interval_secs: count, grace_period_secs: seconds };
const item = { id: count, project, path, version: count, updated_at: iso, updated_by: string };

export const SCHEMAS = {
  Error: object({ error: string }),
  CreateSecret: request({ name, kind, ...payload, ...timing }, ["name", "kind"]),
  UpdateSecret: request({ ...payload, ...timing, expected_version: expectedVersion }, []),
  SecretValue: object({ name, kind, format, version: count, ...payload, created_at: zulu }, Object.keys(payload)),
  SecretMetadata: object({
    name,
    kind,
    format,
    description,
    version: count,
    rotation_interval_secs: orNull(count),
    grace_period_secs: seconds,
    next_rotation_at: orNull(zulu),
    created_at: zulu,
    updated_at: zulu,
  }),
  SecretMetadataList: listOf({ $ref: "#/components/schemas/SecretMetadata" }),
  SecretValueList: listOf({ $ref: "#/components/schemas/SecretValue" }),
  VerifyRequest: request({ value: string }, ["value"]),
  VerifyResponse: object({ valid: boolean, version: orNull(count) }),
  BatchRequest: request({ names: { ...listOf(name), maxItems: 256 } }, ["names"]),
  Detail: object({ detail: string }),
  ValidationErrors: object({
    detail: listOf(object({
      type: string,
      loc: listOf({ type: ["string", "integer"] }),
      msg: string,
      input: { type: "null", description: "What was sent is never quoted" },
      ctx: { type: "object" },
    }, ["ctx"])),
  }),
  Project: object({ id: count, name: project, description, is_default: boolean, created_at: iso, created_by: string }),
  ProjectList: listOf({ $ref: "#/components/schemas/Project" }),
  CreateProject: request({ name: project, description }, ["name"]),
  UpdateProject: request({ description }, []),
  Secret: object({ ...item, value }),
  SecretListItem: object(item),
  SecretList: listOf({ $ref: "#/components/schemas/SecretListItem" }),
  CreateProjectSecret: request({ project, path, value }, ["project", "path", "value"]),
  UpdateProjectSecret: request({ value, expected_version: expectedVersion }, ["value"]),
  Connectivity: object({ status: { const: "ok" }, message: string }),
  Document: { type: "object", required: ["openapi", "info", "paths"] },
} as const satisfies Record<string, Schema>;

export type SchemaName = keyof typeof SCHEMAS;
