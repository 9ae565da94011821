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

/** `Retry-After` needs the number that the text has. */
export class RateLimitExceeded extends AccessRefusal {
  constructor(readonly retryAfterSeconds: number) {
    super("RESOURCE_EXHAUSTED", "rate_limit", `Rate limit exceeded. Retry after ${retryAfterSeconds}s`);
  }
}

/** Stands for every token that is not known; expired, so that refusing it costs what refusing an expired one does. */
export const UNKNOWN_TOKEN: Token = {
  user: "unknown",
  token: "",
  role: "",
  issuedAt: "1970-01-01",
  expires: "1970-01-01",
};

/**
 * Steps 4 to 7 of contract runevault.md 1.3, in that order: expiry, role, rate limit, scope.
 *
 * A call refused for its scope has used up a slot of the rate limit; one refused before has not.
 *
 * @throws {AccessRefusal} with the codes and texts of 1.6.
 */
export function admit(token: Token, method: string, roles: RoleTable, clock: Clock): Role {
  const role = admitAnyCall(token, roles, clock);
  if (!role.scope.includes(method)) {
    throw new AccessRefusal("PERMISSION_DENIED", "scope", `Method '${method}' not permitted for role '${role.name}'`);
  }
  return role;
}

/** The same without the scope, for calls that policies govern: steps 4 to 6. */
export function admitAnyCall(token: Token, roles: RoleTable, clock: Clock): Role {
  if (storedValue(() => isExpired(token, localDay(clock.now())))) {
    const reason = token === UNKNOWN_TOKEN ? "unknown" : "expired";
    throw new AccessRefusal("UNAUTHENTICATED", reason, `Token expired for user '${token.user}'`);
  }
  const role = roles.get(token.role);
  if (!role) throw unknownToken("no_role");
  const window = storedValue(() => roles.windowOf(role.name, token, clock));
  if (!window.tryAcquire()) throw new RateLimitExceeded(window.retryAfterSeconds());
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
