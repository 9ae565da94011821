import type { Answer, Operation } from "./operation.ts";

const v1Error: Answer = { schema: "Error" };
const empty: Answer = { empty: true };

const V1_WITH_BODY = { 413: v1Error, 415: v1Error, 422: v1Error };

/** Contract secrets.md A.3, as far as decisions.md section 3 keeps it. */
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
