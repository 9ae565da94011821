import type { TokenService } from "#domain/tokens/mod.ts";
import type { Route } from "./router.ts";

/**
 * `POST /backup/snapshot`: roles and tokens as they stand on disk at one instant. It holds the tokens themselves, as the
 * file does: whoever can connect to the socket can read that too.
 */
export function backupRoutes(tokens: TokenService): Route[] {
  return [{ method: "POST", path: ["backup", "snapshot"], handle: () => ({ status: 200, body: snapshotOf(tokens) }) }];
}

function snapshotOf(service: TokenService) {
  const { roles, tokens } = service.durableState();
  return {
    roles: roles.map(({ name, scope, topK, rateLimit }) => ({ name, scope, top_k: topK, rate_limit: rateLimit })),
    tokens: tokens.map(({ user, token, role, issuedAt, expires }) => {
      return { user, token, role, issued_at: issuedAt, expires };
    }),
  };
}
