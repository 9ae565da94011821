import { VaultError } from "#errors/mod.ts";
import type { Clock } from "#ports/clock.ts";
import type { AuthFailure } from "#ports/metrics.ts";
import type { Role, Token } from "#ports/state_store.ts";
import type { RoleTable } from "#domain/roles/mod.ts";
import { localDay } from "./calendar.ts";
import { isExpired } from "./token_life.ts";

/** A caller that is not let in; `reason` is for the metrics alone. */
export class AccessRefusal extends VaultError {
  constructor(
    code: "UNAUTHENTICATED" | "PERMISSION_DENIED" | "RESOURCE_EXHAUSTED",
    readonly reason: AuthFailure | "rate_limit",
    message: string,
    options?: ErrorOptions,
  ) {
    super(code, message, options);
  }
}

/** The answer to an unknown token, and to a known one whose role is gone: the caller cannot tell them apart. */
export function unknownToken(reason: "unknown" | "no_role"): AccessRefusal {
  return new AccessRefusal("UNAUTHENTICATED", reason, "Invalid authentication token");
}

/**
 * Steps 4 to 7 of contract runevault.md 1.3, in that order: expiry, role, rate limit, scope.
 *
 * A call refused for its scope has used up a slot of the rate limit; one refused before has not.
 *
 * @throws {AccessRefusal} with the codes and texts of 1.6.
 */
export function admit(token: Token, method: string, roles: RoleTable, clock: Clock): Role {
  if (storedValue(() => isExpired(token, localDay(clock.now())))) {
    throw new AccessRefusal("UNAUTHENTICATED", "expired", `Token expired for user '${token.user}'`);
  }
  const role = roles.get(token.role);
  if (!role) throw unknownToken("no_role");
  const window = storedValue(() => roles.windowOf(role.name, token, clock));
  if (!window.tryAcquire()) {
    const retryAfter = window.retryAfterSeconds();
    throw new AccessRefusal("RESOURCE_EXHAUSTED", "rate_limit", `Rate limit exceeded. Retry after ${retryAfter}s`);
  }
  if (!role.scope.includes(method)) {
    throw new AccessRefusal(
      "PERMISSION_DENIED",
      "scope",
      `Method '${method}' not permitted for role '${role.name}'`,
    );
  }
  return role;
}

/** A date or rate limit that cannot be read closes the door, and the caller of the RPC did nothing wrong. */
function storedValue<T>(read: () => T): T {
  try {
    return read();
  } catch (reason) {
    if (!(reason instanceof VaultError)) throw reason;
    throw new AccessRefusal("UNAUTHENTICATED", "unreadable", reason.message, { cause: reason });
  }
}
