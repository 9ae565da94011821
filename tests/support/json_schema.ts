import assert from "node:assert/strict";

/** The part of JSON Schema that openapi.json uses; any other keyword is refused, so that none is passed over. */
interface Schema {
  readonly [keyword: string]: unknown;
}

type Check = (value: unknown, schema: Schema, at: string, root: unknown) => string[];

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === "string",
  boolean: (value) => typeof value === "boolean",
  integer: (value) => Number.isInteger(value),
  null: (value) => value === null,
  array: Array.isArray,
  object: isObject,
};

const when = (failed: boolean, text: string) => failed ? [text] : [];

const KEYWORDS: Readonly<Record<string, Check>> = {
  $ref: (value, { $ref }, at, root) => problemsOf(value, resolve(root, String($ref)), at, root),
  type: (value, { type }, at) =>
    when(![type].flat().some((name) => TYPES[String(name)](value)), `${at} is no ${[type].flat().join(" or ")}`),
  const: (value, schema, at) => when(value !== schema.const, `${at} is not ${JSON.stringify(schema.const)}`),
  enum: (value, schema, at) => when(!(schema.enum as unknown[]).includes(value), `${at} is none of the choices`),
  anyOf: (value, schema, at, root) =>
    when(
      (schema.anyOf as Schema[]).every((option) => problemsOf(value, option, at, root).length > 0),
      `${at} fits no option`,
    ),
  minimum: (value, { minimum }, at) => when(Number(value) < Number(minimum), `${at} is below ${minimum}`),
  maximum: (value, { maximum }, at) => when(Number(value) > Number(maximum), `${at} is above ${maximum}`),
  minLength: (value, schema, at) => when(String(value).length < Number(schema.minLength), `${at} is too short`),
  maxLength: (value, schema, at) => when(String(value).length > Number(schema.maxLength), `${at} is too long`),
  pattern: (value, { pattern }, at) =>
    when(!new RegExp(String(pattern)).test(String(value)), `${at} is not ${pattern}`),
  maxItems: (value, { maxItems }, at) => when((value as unknown[]).length > Number(maxItems), `${at} has too many`),
  items: (value, { items }, at, root) =>
    Array.isArray(value) ? value.flatMap((item, i) => problemsOf(item, items as Schema, `${at}[${i}]`, root)) : [],
  required: (value, { required }, at) =>
    isObject(value)
      ? (required as string[]).filter((member) => !(member in value)).map((member) => `${at}.${member} is missing`)
      : [],
  properties: (value, { properties }, at, root) =>
    isObject(value)
      ? Object.entries(properties as Record<string, Schema>).flatMap(([member, schema]) =>
        member in value ? problemsOf(value[member], schema, `${at}.${member}`, root) : []
      )
      : [],
  additionalProperties: (value, { properties }, at) =>
    isObject(value)
      ? Object.keys(value).filter((member) => !Object.hasOwn(properties as object, member))
        .map((member) => `${at}.${member} is unknown`)
      : [],
  description: () => [],
  default: () => [],
};

/** What of a value does not fit a schema. @param root The document that `$ref` points into. */
export function problemsOf(value: unknown, schema: Schema, at = "body", root: unknown = schema): string[] {
  return Object.keys(schema).flatMap((keyword) => {
    assert.ok(Object.hasOwn(KEYWORDS, keyword), `the validator knows no ${keyword}`);
    return KEYWORDS[keyword](value, schema, at, root);
  });
}

function resolve(root: unknown, reference: string): Schema {
  const found = reference.slice(2).split("/").reduce<unknown>(
    (node, step) => isObject(node) ? node[step] : undefined,
    root,
  );
  assert.ok(isObject(found), `${reference} leads nowhere`);
  return found;
}
