import { API_OPERATIONS } from "./api_operations.ts";
import { OPEN_OPERATIONS } from "./open_operations.ts";
import type { Answer, Operation, QueryName } from "./operation.ts";
import { type SchemaName, SCHEMAS } from "./schemas.ts";
import { V1_OPERATIONS } from "./v1_operations.ts";

const OPERATIONS = [...OPEN_OPERATIONS, ...V1_OPERATIONS, ...API_OPERATIONS];

/** What every call of a surface may meet before its own rules begin. */
const COMMON: Readonly<Record<Operation["surface"], (operation: Operation) => Readonly<Record<number, Answer>>>> = {
  open: () => ({}),
  v1: (operation) => answersOf(refusalsOf(operation), "Error"),
  api: (operation) => answersOf(refusalsOf(operation), "Detail"),
};

const MEANINGS: Readonly<Record<number, string>> = {
  200: "Done",
  201: "Created",
  204: "Deleted",
  400: "The request cannot be fulfilled as it is; the text says why",
  401: "No token, or none that is good now",
  403: "Refused: permission, or address on a read",
  404: "Absent, or neither readable nor listable for the caller",
  408: "The body did not arrive in time",
  409: "Exists already, or the version is another by now",
  413: "Body over 1 MiB",
  415: "Body that is not called JSON",
  422: "Body, or query, that is not of the described form",
  429: "Locked out, or over the role's rate limit; see Retry-After",
  500: "The vault's own failure; its log says more",
};

const QUERIES: Readonly<Record<QueryName, { description: string; schema: object }>> = {
  version: { description: "A kept version instead of the current one", schema: { type: "integer", minimum: 1 } },
  project: { description: "Only secrets of this project", schema: { type: "string" } },
  prefix: {
    description: "Only names (default/x for x), or paths of the project, that begin so",
    schema: { type: "string" },
  },
  limit: {
    description: "How many at most, fewer where descriptions are long; a Link header with rel=next leads to more",
    schema: { type: "integer", minimum: 1, maximum: 10_000, default: 10_000 },
  },
  after: { description: "Only names (project/path) after this one", schema: { type: "string" } },
};

/**
 * The OpenAPI 3.1 document of the HTTP interface.
 *
 * @param version Of the vault.
 */
export function openApiDocument(version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of OPERATIONS) (paths[operation.path] ??= {})[operation.method] = describe(operation);
  return {
    openapi: "3.1.0",
    info: {
      title: "runevault secrets",
      version,
      description: "A slash in a name may be sent plain or as %2F. All errors are JSON.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    paths,
    components: {
      schemas: SCHEMAS,
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "A vault token, evt_ and 32 hex digits" },
        service: { type: "apiKey", in: "header", name: "X-Service", description: "The token's user" },
        token: { type: "apiKey", in: "header", name: "X-Token", description: "The token, beside X-Service" },
      },
    },
  };
}

function describe(operation: Operation) {
  const { id, summary, surface, action, path, query = [], conditional, body, answers } = operation;
  return {
    operationId: id,
    summary,
    ...action && { description: `Needs \`${action}\` on the secret, or on the project's.` },
    security: surface === "open" ? [] : [{ bearer: [] }, { service: [], token: [] }],
    parameters: [
      ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => parameter("path", name, { required: true })),
      ...query.map((name) => parameter("query", name, QUERIES[name])),
      ...conditional ? [parameter("header", "If-Match", { description: "Expected version, 409 when another is" })] : [],
    ],
    ...body && { requestBody: { required: true, content: json(body) } },
    responses: Object.fromEntries(
      Object.entries({ ...COMMON[surface](operation), ...answers }).map(([status, answer]) => [status, {
        description: MEANINGS[Number(status)],
        ...contentOf(answer),
      }]),
    ),
  };
}

function parameter(where: "path" | "query" | "header", name: string, more: object) {
  return { name, in: where, schema: { type: "string" }, ...more };
}

function contentOf(answer: Answer) {
  if ("schema" in answer) return { content: json(answer.schema) };
  return "text" in answer ? { content: { "text/plain": { schema: { const: answer.text } } } } : {};
}

function json(schema: SchemaName) {
  return { "application/json": { schema: { $ref: `#/components/schemas/${schema}` } } };
}

/** Where one name is asked for, a refusal may have to look like an absence. */
function refusalsOf({ id, path, action, body }: Operation): number[] {
  const isOfOneName = path.includes("{") || id.startsWith("create");
  return [401, 429, 500].concat(action || isOfOneName ? 403 : [], isOfOneName ? 404 : [], body ? 408 : []);
}

function answersOf(statuses: readonly number[], schema: SchemaName): Record<number, Answer> {
  return Object.fromEntries(statuses.map((status) => [status, { schema }]));
}
