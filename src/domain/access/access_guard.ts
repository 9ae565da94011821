import type { Lockout } from "#domain/lockout/mod.ts";
import { type AddressSet, canonicalAddress, clientAddress } from "#domain/network/mod.ts";
import type { Action, PolicyService, Resource } from "#domain/policies/mod.ts";
import { type Holder, RateLimitExceeded, type TokenService } from "#domain/tokens/mod.ts";
import { VaultError } from "#errors/mod.ts";
import { AccessRefusal, type RefusalKind } from "./access_refusal.ts";
import { type Credentials, givenToken, isSameText } from "./credentials.ts";

export interface AccessParts {
  readonly tokens: TokenService;
  readonly policies: PolicyService;
  readonly lockout: Lockout;
  /** Clients that may read and verify; empty: nobody. */
  readonly allowedIps: AddressSet;
  /** Proxies whose `X-Forwarded-For` is believed. */
  readonly trustProxy: AddressSet;
}

/** Who was let in; made by enter() alone, good for one call. */
export interface Caller {
  readonly holder: Holder;
  readonly user: string;
  readonly role: string;
  /** Canonical; undefined where the client has none. */
  readonly address: string | undefined;
}

/** Actions that show or try a value: the client's address counts too. */
const READS: ReadonlySet<Action> = new Set<Action>(["read", "verify"]);
/** Actions by which a caller may know of a name; to all others it looks absent. */
const SIGHTS: readonly Action[] = ["read", "list"];

/**
 * The door of the secrets API, the same for every surface. One call goes through enter(), before its body is looked at,
 * then through check() for each name that it is about.
 *
 * Failures are counted by client address (contract secrets.md A.13): a bad token, a denied action, a read from an address
 * that may not, a value that did not verify. A check that is passed forgets them, a listing's too; for `verify`, only a
 * value that is right.
 */
export class AccessGuard {
  readonly #parts: AccessParts;

  constructor(parts: AccessParts) {
    this.#parts = parts;
  }

  /**
   * The client's canonical address, for enter() and the audit log.
   *
   * @param peer Of the socket, without its port.
   * @param forwarded The values of every `X-Forwarded-For`, in the order received.
   */
  clientOf(peer: string, forwarded: readonly string[]): string | undefined {
    return clientAddress(peer, forwarded, this.#parts.trustProxy);
  }

  /**
   * Lockout, token and rate limit, in this order. Whatever is wrong with a token, the answer and the work are the same.
   *
   * @param client As clientOf() tells it.
   * @throws {AccessRefusal} `locked`, `unauthenticated` or `rate-limited`.
   */
  enter(credentials: Credentials, client: string | undefined): Caller {
    const { tokens, lockout } = this.#parts;
    const address = client === undefined ? undefined : canonicalAddress(client);
    const retryAfter = address === undefined ? 0 : lockout.retryAfterSeconds(address);
    if (retryAfter > 0) throw new AccessRefusal("locked", "unknown", retryAfter);
    const given = givenToken(credentials);
    const found = tokens.find(given?.token ?? "");
    // Whether names are compared hangs on the headers alone, not on whose the token is.
    const isNamed = given?.user === undefined || isSameText(given.user, found?.user ?? "");
    const user = found?.user ?? "unknown";
    try {
      const role = tokens.admit(isNamed ? found : undefined);
      if (found) return { holder: found, user, role: role.name, address };
    } catch (reason) {
      if (reason instanceof RateLimitExceeded) {
        throw new AccessRefusal("rate-limited", user, Math.max(1, reason.retryAfterSeconds));
      }
      if (reason instanceof VaultError && reason.code === "UNAUTHENTICATED") {
        throw this.#failed("unauthenticated", { user, address });
      }
      throw reason;
    }
    throw this.#failed("unauthenticated", { user, address });
  }

  /**
   * Whether the caller may do that, by the policies and tokens of this moment.
   *
   * @throws {AccessRefusal} `hidden` for a name that the caller may neither read nor list, else `forbidden`;
   * `unauthenticated` when the token has died since enter().
   */
  check(caller: Caller, action: Action, resource: Resource): void {
    if (!this.#parts.tokens.holds(caller.holder)) throw this.#failed("unauthenticated", caller);
    if (!this.#decides(caller, action, resource)) throw this.refusal(caller, resource);
    if (!this.#isFromAllowedAddress(caller, action)) throw this.#failed("forbidden", caller);
    if (action !== "verify") this.#succeeded(caller);
  }

  /** What to throw where no policy can allow it: what check() throws where none does, and counted as that is. */
  refusal(caller: Caller, resource: Resource): AccessRefusal {
    if (!this.#parts.tokens.holds(caller.holder)) return this.#failed("unauthenticated", caller);
    return this.#failed(this.#isSeen(caller, resource) ? "forbidden" : "hidden", caller);
  }

  /** The answer of check() without its consequences: nothing is counted or forgotten. */
  may(caller: Caller, action: Action, resource: Resource): boolean {
    return this.#parts.tokens.holds(caller.holder) && this.#decides(caller, action, resource) &&
      this.#isFromAllowedAddress(caller, action);
  }

  /**
   * As check(), for what names no secret: whether the caller may do that to anything at all, or to anything of the project.
   *
   * @throws {AccessRefusal} `forbidden`, or `unauthenticated` as check().
   */
  checkAny(caller: Caller, action: "read" | "list", project?: string): void {
    if (!this.#parts.tokens.holds(caller.holder)) throw this.#failed("unauthenticated", caller);
    const mayAny = this.#parts.policies.mayAny(caller.role, action, project);
    if (!mayAny || !this.#isFromAllowedAddress(caller, action)) throw this.#failed("forbidden", caller);
    this.#succeeded(caller);
  }

  /**
   * What a listing may show. A caller who may list nothing at all, or nothing of the project, is refused: an empty list
   * says that there is nothing.
   *
   * @param project Of a listing that is about one project.
   * @throws {AccessRefusal} As checkAny().
   */
  visible(caller: Caller, project?: string): (resource: Resource) => boolean {
    this.checkAny(caller, "list", project);
    return this.#parts.policies.visible(caller.role);
  }

  /** The answer of checkAny() to a listing, without its consequences. */
  mayList(caller: Caller, project: string): boolean {
    return this.#parts.tokens.holds(caller.holder) && this.#parts.policies.mayAny(caller.role, "list", project);
  }

  /** To be told the outcome of each `verify` that check() let through. */
  verified(caller: Caller, isValid: boolean): void {
    if (isValid) this.#succeeded(caller);
    else if (caller.address !== undefined) this.#parts.lockout.fail(caller.address);
  }

  #decides({ role }: Caller, action: Action, resource: Resource): boolean {
    return this.#parts.policies.decide(role, action, resource).allowed;
  }

  /** A project is seen by whoever may read or list anything of it. */
  #isSeen({ role }: Caller, resource: Resource): boolean {
    const { policies } = this.#parts;
    return SIGHTS.some((action) =>
      resource.path === ""
        ? policies.mayAny(role, action, resource.project)
        : policies.decide(role, action, resource).allowed
    );
  }

  #isFromAllowedAddress({ address }: Caller, action: Action): boolean {
    return !READS.has(action) || address !== undefined && this.#parts.allowedIps.has(address);
  }

  #failed(kind: RefusalKind, { user, address }: Pick<Caller, "user" | "address">): AccessRefusal {
    if (address !== undefined) this.#parts.lockout.fail(address);
    return new AccessRefusal(kind, user);
  }

  #succeeded({ address }: Caller): void {
    if (address !== undefined) this.#parts.lockout.succeed(address);
  }
}
