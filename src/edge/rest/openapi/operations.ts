import type { SchemaName } from "./schemas.ts";

/** What answers with a status: a schema of JSON, plain text, or nothing. */
export type Answer = { readonly schema: SchemaName } | { readonly text: string } | { readonly empty: true };

/** One operation as `openapi.json` describes it; the statuses of its surface are added to its own. */
export interface Operation {
  readonly id: string;
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  readonly path: string;
  readonly summary: string;
  readonly surface: "v1" | "api" | "open";
  /** The action that the caller's role needs, if any. */
  readonly action?: string;
  readonly body?: SchemaName;
  readonly query?: readonly QueryName[];
  /** Takes `If-Match`. */
  readonly conditional?: boolean;
  readonly answers: Readonly<Record<number, Answer>>;
}

export type QueryName = "version" | "prefix" | "limit" | "after" | "project";

const v1Error: Answer = { schema: "Error" };
const detail: Answer = { schema: "Detail" };
const empty: Answer = { empty: true };

const V1_WITH_BODY = { 413: v1Error, 415: v1Error, 422: v1Error };

export const V1_OPERATIONS: readonly Operation[] = [
  {
    id: "listSecrets",
    method: "get",
    path: "/v1/secrets",
    summary: "Secrets that the caller may list, by name",
    surface: "v1",
    action: "list",
    query: ["project", "prefix", "limit", "after"],
    answers: { 200: { schema: "SecretMetadataList" }, 400: v1Error },
  },
  {
    id: "createSecret",
    method: "post",
    path: "/v1/secrets",
    summary: "Creates a secret; an automatic one without a value gets a generated one; a target is refused",
    surface: "v1",
    action: "create",
    body: "CreateSecret",
    answers: { 201: { schema: "SecretValue" }, 400: v1Error, 409: v1Error, ...V1_WITH_BODY },
  },
  {
    id: "getSecret",
    method: "get",
    path: "/v1/secrets/{name}",
    summary: "The current value, or that of a kept version",
    surface: "v1",
    action: "read",
    query: ["version"],
    answers: { 200: { schema: "SecretValue" }, 400: v1Error },
  },
  {
    id: "updateSecret",
    method: "put",
    path: "/v1/secrets/{name}",
    summary: "Changes what is given; a new value makes a new version",
    surface: "v1",
    action: "update",
    body: "UpdateSecret",
    conditional: true,
    answers: { 200: { schema: "SecretMetadata" }, 400: v1Error, 409: v1Error, ...V1_WITH_BODY },
  },
  {
    id: "deleteSecret",
    method: "delete",
    path: "/v1/secrets/{name}",
    summary: "Deletes the secret and all its versions",
    surface: "v1",
    action: "delete",
    conditional: true,
    answers: { 204: empty, 400: v1Error, 409: v1Error },
  },
  {
    id: "rotateSecret",
    method: "post",
    path: "/v1/secrets/{name}/rotate",
    summary: "Gives an automatic secret a generated value",
    surface: "v1",
    action: "rotate",
    conditional: true,
    answers: { 200: { schema: "SecretValue" }, 400: v1Error, 409: v1Error },
  },
  {
    id: "verifySecret",
    method: "post",
    path: "/v1/secrets/{name}/verify",
    summary: "Whether a value is the current one or one in grace; an unknown secret is no match",
    surface: "v1",
    action: "verify",
    body: "VerifyRequest",
    answers: { 200: { schema: "VerifyResponse" }, 400: v1Error, ...V1_WITH_BODY },
  },
  {
    id: "getSecrets",
    method: "post",
    path: "/v1/batch/secrets",
    summary: "Current values of up to 256 names; unknown ones are left out, one that may not be read refuses the call",
    surface: "v1",
    action: "read",
    body: "BatchRequest",
    answers: { 200: { schema: "SecretValueList" }, 400: v1Error, ...V1_WITH_BODY },
  },
];

const validation: Answer = { schema: "ValidationErrors" };

export const API_OPERATIONS: readonly Operation[] = [
  {
    id: "listProjects",
    method: "get",
    path: "/api/projects",
    summary: "Projects of which the caller may list something, by name",
    surface: "api",
    action: "list",
    answers: { 200: { schema: "ProjectList" } },
  },
  {
    id: "createProject",
    method: "post",
    path: "/api/projects",
    summary: "Creates a project; no secret comes with it",
    surface: "api",
    action: "create",
    body: "CreateProject",
    answers: { 201: { schema: "Project" }, 409: detail, 413: detail, 422: validation },
  },
  {
    id: "getProject",
    method: "get",
    path: "/api/projects/{project}",
    summary: "One project",
    surface: "api",
    action: "list",
    answers: { 200: { schema: "Project" } },
  },
  {
    id: "updateProject",
    method: "patch",
    path: "/api/projects/{project}",
    summary: "Changes the description; null or none changes nothing",
    surface: "api",
    action: "update",
    body: "UpdateProject",
    answers: { 200: { schema: "Project" }, 413: detail, 422: validation },
  },
  {
    id: "deleteProject",
    method: "delete",
    path: "/api/projects/{project}",
    summary: "Always refused: projects are deleted with 'runevault project delete'",
    surface: "api",
    answers: {},
  },
  {
    id: "setDefaultProject",
    method: "put",
    path: "/api/projects/{project}/set-default",
    summary: "Makes this the one default project",
    surface: "api",
    action: "update",
    answers: { 200: { schema: "Project" } },
  },
  {
    id: "listProjectSecrets",
    method: "get",
    path: "/api/secrets",
    summary: "Secrets that the caller may list, by name",
    surface: "api",
    action: "list",
    query: ["project", "prefix", "limit", "after"],
    answers: { 200: { schema: "SecretList" }, 422: validation },
  },
  {
    id: "createProjectSecret",
    method: "post",
    path: "/api/secrets",
    summary: "Creates a secret",
    surface: "api",
    action: "create",
    body: "CreateProjectSecret",
    answers: { 201: { schema: "Secret" }, 409: detail, 413: detail, 422: validation },
  },
  {
    id: "testConnectivity",
    method: "post",
    path: "/api/secrets/test",
    summary: "Whether the caller's token is good",
    surface: "api",
    answers: { 200: { schema: "Connectivity" } },
  },
  {
    id: "getProjectSecret",
    method: "get",
    path: "/api/secrets/{project}/{path}",
    summary: "The current value, or that of a kept version",
    surface: "api",
    action: "read",
    query: ["version"],
    answers: { 200: { schema: "Secret" }, 422: validation },
  },
  {
    id: "updateProjectSecret",
    method: "patch",
    path: "/api/secrets/{project}/{path}",
    summary: "Gives the secret a new value, which is a new version",
    surface: "api",
    action: "update",
    body: "UpdateProjectSecret",
    conditional: true,
    answers: { 200: { schema: "Secret" }, 409: detail, 413: detail, 422: validation },
  },
  {
    id: "deleteProjectSecret",
    method: "delete",
    path: "/api/secrets/{project}/{path}",
    summary: "Deletes the secret and all its versions",
    surface: "api",
    action: "delete",
    conditional: true,
    answers: { 204: empty, 409: detail, 422: validation },
  },
];

export const OPEN_OPERATIONS: readonly Operation[] = [
  {
    id: "live",
    method: "get",
    path: "/healthz",
    summary: "Whether the process answers",
    surface: "open",
    answers: { 200: { text: "ok" } },
  },
  {
    id: "ready",
    method: "get",
    path: "/readyz",
    summary: "Whether the store can be read",
    surface: "open",
    answers: { 200: { text: "ready" }, 500: v1Error },
  },
  {
    id: "describe",
    method: "get",
    path: "/openapi.json",
    summary: "This document",
    surface: "open",
    answers: { 200: { schema: "Document" } },
  },
];
