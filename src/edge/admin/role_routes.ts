import type { TokenService } from "#domain/tokens/mod.ts";
import { integerOf, isFalsy, newNameOf, objectOf, scopeOf, stringOf } from "./fields.ts";
import { HttpError } from "./reply.ts";
import { NAME, type Route } from "./router.ts";

type Role = ReturnType<TokenService["listRoles"]>[number];

/** `/roles`: statuses, keys and their order as in contract runevault.md 3.2. */
export function roleRoutes(tokens: TokenService): Route[] {
  return [
    {
      method: "GET",
      path: ["roles"],
      handle: () => ({ status: 200, body: { roles: tokens.listRoles().map(roleBody) } }),
    },
    {
      method: "POST",
      path: ["roles"],
      handle: async ({ json }) => ({ status: 201, body: roleBody(await tokens.createRole(newRole(await json()))) }),
    },
    {
      method: "PUT",
      path: ["roles", NAME],
      handle: async ({ name, json }) => {
        return { status: 200, body: roleBody(await tokens.updateRole(name, roleChange(await json()))) };
      },
    },
    {
      method: "DELETE",
      path: ["roles", NAME],
      handle: async ({ name }) => {
        await tokens.deleteRole(name);
        return { status: 200, body: { message: `Deleted role '${name}'` } };
      },
    },
  ];
}

function roleBody({ name, scope, topK, rateLimit }: Role) {
  return { name, scope, top_k: topK, rate_limit: rateLimit };
}

function newRole(json: unknown): Role {
  const { name, scope, top_k, rate_limit } = objectOf(json);
  if (isFalsy(name) || isFalsy(scope) || top_k === undefined || top_k === null || isFalsy(rate_limit)) {
    throw new HttpError(400, "Missing required fields: name, scope, top_k, rate_limit");
  }
  return {
    name: newNameOf(name, "name"),
    scope: scopeOf(scope),
    topK: integerOf(top_k, "top_k"),
    rateLimit: stringOf(rate_limit, "rate_limit"),
  };
}

function roleChange(json: unknown): Partial<Omit<Role, "name">> {
  const { scope, top_k, rate_limit } = objectOf(json);
  if (scope === undefined && top_k === undefined && rate_limit === undefined) {
    throw new HttpError(400, "No fields to update");
  }
  return {
    ...scope !== undefined && { scope: scopeOf(scope) },
    ...top_k !== undefined && { topK: integerOf(top_k, "top_k") },
    ...rate_limit !== undefined && { rateLimit: stringOf(rate_limit, "rate_limit") },
  };
}
