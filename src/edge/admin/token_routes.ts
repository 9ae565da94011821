import type { TokenService } from "#domain/tokens/mod.ts";
import { expiresDaysOf, isFalsy, newNameOf, objectOf, stringOf } from "./fields.ts";
import { HttpError } from "./reply.ts";
import { NAME, type Route } from "./router.ts";

/** `/tokens`: statuses, keys and their order as in contract runevault.md 3.2. */
export function tokenRoutes(tokens: TokenService): Route[] {
  return [
    { method: "GET", path: ["tokens"], handle: () => ({ status: 200, body: { tokens: listed(tokens) } }) },
    {
      method: "POST",
      path: ["tokens"],
      handle: async ({ json }) => ({ status: 201, body: issuedBody(await tokens.issue(issueRequest(await json()))) }),
    },
    { method: "GET", path: ["tokens", NAME], handle: ({ name }) => describe(tokens, name) },
    { method: "POST", path: ["tokens", "_rotate_all"], handle: ({ json }) => rotateAll(tokens, json) },
    {
      method: "POST",
      path: ["tokens", NAME, "rotate"],
      handle: async ({ name, json }) => {
        await json(); // its content is ignored, but it has to be JSON
        return { status: 200, body: issuedBody(await tokens.rotate(name)) };
      },
    },
    { method: "DELETE", path: ["tokens", NAME], handle: ({ name }) => revoke(tokens, name) },
  ];
}

function listed(tokens: TokenService) {
  return tokens.listTokens().map(({ user, role, topK, rateLimit, expires }) => {
    return { user, role, top_k: topK, rate_limit: rateLimit, expires };
  });
}

/** Everything but the token itself. */
function describe(tokens: TokenService, name: string) {
  const token = tokens.describeToken(name);
  if (!token) throw new HttpError(404, `No token found for user '${name}'`);
  const { user, role, issuedAt, expires, topK, rateLimit, scope } = token;
  return {
    status: 200,
    body: { user, role, issued_at: issuedAt, expires, top_k: topK, rate_limit: rateLimit, scope },
  };
}

function issueRequest(json: unknown) {
  const { user, role, expires_days } = objectOf(json);
  if (isFalsy(user) || isFalsy(role)) throw new HttpError(400, "Missing required fields: user, role");
  return { user: newNameOf(user, "user"), role: stringOf(role, "role"), expiresDays: expiresDaysOf(expires_days) };
}

function issuedBody({ user, token, role, issuedAt, expires }: Awaited<ReturnType<TokenService["issue"]>>) {
  return { user, token, role, issued_at: issuedAt, expires: expires ?? "never" };
}

async function rotateAll(tokens: TokenService, json: () => Promise<unknown>) {
  await json();
  const rotated = await tokens.rotateAll();
  const entries = rotated.map(({ user, token, role }) => ({ user, token, role }));
  return { status: 200, body: { rotated: entries.length, tokens: entries } };
}

async function revoke(tokens: TokenService, user: string) {
  if (!await tokens.revoke(user)) throw new HttpError(404, `No token found for user '${user}'`);
  return { status: 200, body: { message: `Revoked token for '${user}'` } };
}
