import type { AuditLog } from "#domain/audit/mod.ts";
import type { Lockout } from "#domain/lockout/mod.ts";
import type { PolicyService } from "#domain/policies/mod.ts";
import type { RewrapService } from "#domain/sealing/mod.ts";
import type { SecretEngine, SecretImports } from "#domain/secrets/mod.ts";
import type { TokenService } from "#domain/tokens/mod.ts";
import type { Clock } from "#ports/clock.ts";

/** What the admin socket does with the secrets engine. */
export interface SecretsAdmin {
  readonly engine: SecretEngine;
  readonly imports: SecretImports;
  readonly policies: PolicyService;
  /** `secrets.allowed_ips`: where reads may come from. */
  readonly allowedIps: readonly string[];
  readonly tokens: TokenService;
  readonly lockout: Lockout;
  readonly rewrap: RewrapService;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly copies: StoreCopies;
}

/** Copies of the store for a backup: one file at a fixed place, for whoever made it to take. */
export interface StoreCopies {
  /** Replaces the one that is there. */
  make(): Promise<void>;
  remove(): Promise<void>;
}
