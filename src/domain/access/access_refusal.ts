import { type StatusCode, VaultError } from "#errors/mod.ts";

/**
 * Why a call of the secrets API goes no further; each surface has a status for each, in order 429, 401, 429, 403, 404.
 * `hidden` is a refusal that must look like a name that does not exist.
 */
export type RefusalKind = "locked" | "unauthenticated" | "rate-limited" | "forbidden" | "hidden";

const CODES: Readonly<Record<RefusalKind, StatusCode>> = {
  locked: "RESOURCE_EXHAUSTED",
  unauthenticated: "UNAUTHENTICATED",
  "rate-limited": "RESOURCE_EXHAUSTED",
  forbidden: "PERMISSION_DENIED",
  hidden: "NOT_FOUND",
};

const TEXTS: Readonly<Record<RefusalKind, string>> = {
  locked: "too many failed attempts; locked out",
  unauthenticated: "unauthorized",
  "rate-limited": "rate limit exceeded",
  forbidden: "forbidden",
  hidden: "not found",
};

export class AccessRefusal extends VaultError {
  /**
   * @param kind
   * @param user For the audit log: whose token it was, known even when it is no longer good; else `unknown`.
   * @param retryAfterSeconds For `Retry-After`, from 1: given with `locked` and `rate-limited`.
   */
  constructor(readonly kind: RefusalKind, readonly user: string, readonly retryAfterSeconds?: number) {
    super(CODES[kind], TEXTS[kind]);
  }
}
