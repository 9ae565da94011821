import { PoliciesFile } from "#adapters/storage/files/mod.ts";
import type { SecretsConfig } from "#config/mod.ts";
import { AccessGuard } from "#domain/access/mod.ts";
import { Lockout } from "#domain/lockout/mod.ts";
import { namedAddressSet } from "#domain/network/mod.ts";
import { PolicyService } from "#domain/policies/mod.ts";
import type { TokenService } from "#domain/tokens/mod.ts";
import type { Clock } from "#ports/clock.ts";
import type { LockoutStore } from "#ports/lockout_store.ts";
import type { Log } from "#ports/log.ts";

/** What guards the secrets API, and what the admin socket asks of it. */
export interface Access {
  readonly guard: AccessGuard;
  readonly policies: PolicyService;
  /** To be flushed before its store is closed. */
  readonly lockout: Lockout;
}

/**
 * @throws {VaultError} INVALID_ARGUMENT for an address list, naming its key and the item; FAILED_PRECONDITION for a
 * policies file that is not good; what the lockouts' store throws.
 */
export async function openAccess(
  { policiesFile, allowedIps, trustProxy, lockout: settings }: SecretsConfig,
  { tokens, lockouts, clock, log }: { tokens: TokenService; lockouts: LockoutStore; clock: Clock; log: Log },
): Promise<Access> {
  const addresses = {
    allowedIps: namedAddressSet("secrets.allowed_ips", allowedIps),
    trustProxy: namedAddressSet("secrets.trust_proxy", trustProxy),
  };
  const roles = () => tokens.listRoles().map(({ name }) => name);
  const policies = await PolicyService.open({ source: new PoliciesFile(policiesFile), roles, log });
  const lockout = await Lockout.open(settings, { store: lockouts, clock, log });
  return { guard: new AccessGuard({ tokens, policies, lockout, ...addresses }), policies, lockout };
}
