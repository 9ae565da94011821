import { messageOf, VaultError } from "#errors/mod.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import { type Metrics, NO_METRICS, type TokenCounts } from "#ports/metrics.ts";
import { type RandomBytes, systemRandom } from "#ports/random.ts";
import type { Role, State, StateStore, Token } from "#ports/state_store.ts";
import { type RoleChange, RoleTable } from "#domain/roles/mod.ts";
import { AccessRefusal, admit, admitAnyCall, UNKNOWN_TOKEN, unknownToken } from "./admission.ts";
import { type Day, localDay } from "./calendar.ts";
import { GroupCommit } from "./group_commit.ts";
import { newToken } from "./new_token.ts";
import { countTokens } from "./token_counts.ts";
import { type Holder, TokenIndex } from "./token_index.ts";
import { issued, type IssueRequest, rotated } from "./token_life.ts";

export type { Holder, IssueRequest };

/** One line of the token list; never the token itself. */
export interface TokenSummary {
  readonly user: string;
  readonly role: string;
  /** `?` when the role is gone. */
  readonly topK: number | "?";
  /** `?` when the role is gone. */
  readonly rateLimit: string;
  /** `YYYY-MM-DD`, or `never`. */
  readonly expires: string;
}

/** All that is known of one person's token but the token. */
export interface TokenDetails extends TokenSummary {
  readonly issuedAt: string;
  /** Methods; none when the role is gone. */
  readonly scope: readonly string[];
}

export interface TokenPorts {
  readonly store: StateStore;
  readonly clock: Clock;
  readonly random?: RandomBytes;
  readonly log: Log;
  /** Told who asks and who is refused. */
  readonly metrics?: Metrics;
}

interface Snapshot {
  readonly roles: RoleTable;
  /** In store order: listed, written and rotated in it. */
  readonly tokens: readonly Token[];
}

/**
 * Tokens and roles: who may call, what and how often. Rules, orders and texts: contract runevault.md 2.
 *
 * A change holds for the very next call, before it is on disk; its promise resolves once it is on disk, and rejects with
 * INTERNAL, the change undone, when it could not be written. Refusals of a change are INVALID_ARGUMENT or
 * FAILED_PRECONDITION, with nothing changed.
 */
export class TokenService {
  readonly #clock: Clock;
  readonly #random: RandomBytes;
  readonly #log: Log;
  readonly #metrics: Metrics;
  readonly #index = new TokenIndex();
  readonly #state: GroupCommit<Snapshot>;
  #counted: { snapshot: Snapshot; today: Day; counts: TokenCounts } | undefined;

  private constructor(
    { store, clock, random = systemRandom, log, metrics = NO_METRICS }: TokenPorts,
    durable: Snapshot,
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#log = log;
    this.#metrics = metrics;
    this.#index.reset(durable.tokens);
    this.#state = new GroupCommit(
      durable,
      (snapshot) => store.save(stateOf(snapshot)),
      (snapshot, reason) => this.#rolledBack(snapshot, reason),
    );
  }

  /** Loads the state. A vault without roles, as at its first boot, has the default ones on disk before this resolves. */
  static async open(ports: TokenPorts): Promise<TokenService> {
    const stored = await ports.store.load();
    const snapshot = { roles: RoleTable.of(stored?.roles ?? []), tokens: stored?.tokens ?? [] };
    const service = new TokenService(ports, snapshot);
    if (!stored?.roles.length) await ports.store.save(stateOf(snapshot));
    return service;
  }

  /** The holder of a token, also when it is expired or its role is gone. */
  find(token: string): Holder | undefined {
    return this.#index.find(token);
  }

  /**
   * Steps 3 to 7 of contract runevault.md 1.3; takes one slot of the user's rate limit at step 6.
   *
   * @param holder As found by `find`, possibly before an await: a token that died since is refused.
   * @throws {VaultError} with the codes and texts of 1.6.
   */
  authorize(holder: Holder | undefined, method: string): Role {
    return this.#admitted(() => {
      if (!this.holds(holder)) throw unknownToken("unknown");
      return admit(holder.token, method, this.#state.current.roles, this.#clock);
    });
  }

  /**
   * The same for calls that policies govern instead of scopes; refusing an unknown token takes the way of an expired one.
   *
   * @throws {VaultError} UNAUTHENTICATED, with texts that tell the two apart; {@link RateLimitExceeded}.
   */
  admit(holder: Holder | undefined): Role {
    return this.#admitted(() => {
      const token = this.holds(holder) ? holder.token : UNKNOWN_TOKEN;
      return admitAnyCall(token, this.#state.current.roles, this.#clock);
    });
  }

  /** Whether the token that was found is still its user's. */
  holds(holder: Holder | undefined): holder is Holder {
    return holder !== undefined && this.#index.ofUser(holder.user) === holder.token;
  }

  async issue(request: IssueRequest): Promise<Token> {
    const { roles, tokens } = this.#state.current;
    const { user, role } = request;
    if (!roles.get(role)) throw refusal(`Role '${role}' does not exist`);
    if (this.#index.ofUser(user)) throw refusal(`Token already exists for user '${user}'`);
    const token = issued(request, newToken(this.#random), this.#today());
    await this.#change({ roles, tokens: [...tokens, token] }, () => this.#index.add(token));
    return token;
  }

  /** Resolves to false when the user has no token. */
  async revoke(user: string): Promise<boolean> {
    const { roles, tokens } = this.#state.current;
    const old = this.#index.ofUser(user);
    if (!old) return false;
    await this.#change({ roles, tokens: tokens.filter((token) => token !== old) }, () => this.#index.delete(user));
    return true;
  }

  /** Gives the user another token, at the end of the store order. */
  async rotate(user: string): Promise<Token> {
    const { roles, tokens } = this.#state.current;
    const old = this.#index.ofUser(user);
    if (!old) throw refusal(`No token found for user '${user}'`);
    const token = rotated(old, newToken(this.#random), this.#today());
    await this.#change({ roles, tokens: [...tokens.filter((other) => other !== old), token] }, () => {
      this.#index.delete(user);
      this.#index.add(token);
    });
    return token;
  }

  /** Rotates every token or, when one entry's dates cannot be read, none. */
  async rotateAll(): Promise<Token[]> {
    const { roles, tokens } = this.#state.current;
    const today = this.#today();
    const fresh = tokens.map((old) => rotated(old, newToken(this.#random), today));
    if (fresh.length > 0) await this.#change({ roles, tokens: fresh }, () => this.#index.reset(fresh));
    return fresh;
  }

  listTokens(): TokenSummary[] {
    const { roles, tokens } = this.#state.current;
    return tokens.map((token) => summaryOf(token, roles));
  }

  /** Undefined for a user without a token. */
  describeToken(user: string): TokenDetails | undefined {
    const token = this.#index.ofUser(user);
    if (!token) return undefined;
    const { roles } = this.#state.current;
    return { ...summaryOf(token, roles), issuedAt: token.issuedAt, scope: roles.get(token.role)?.scope ?? [] };
  }

  /** What is on disk at this instant: every change that was acknowledged and none that may yet be undone. */
  durableState(): State {
    return stateOf(this.#state.durable);
  }

  /** What the metrics tell of the tokens; counted anew after a change or at midnight, not with every reading. */
  countTokens(): TokenCounts {
    const snapshot = this.#state.current, today = this.#today();
    if (this.#counted?.snapshot !== snapshot || this.#counted.today !== today) {
      const roles = snapshot.roles.list().map(({ name }) => name);
      this.#counted = { snapshot, today, counts: countTokens(snapshot.tokens, roles, today) };
    }
    return this.#counted.counts;
  }

  listRoles(): Role[] {
    return this.#state.current.roles.list();
  }

  createRole(role: Role): Promise<Role> {
    return this.#changeRole(role.name, (roles) => roles.create(role));
  }

  updateRole(name: string, change: RoleChange): Promise<Role> {
    return this.#changeRole(name, (roles) => roles.update(name, change));
  }

  async deleteRole(name: string): Promise<void> {
    const { roles, tokens } = this.#state.current;
    await this.#change({ roles: roles.delete(name, tokens), tokens });
  }

  /** Resolves when no change waits to be written; whether it could be is told to whoever made the change. */
  flush(): Promise<void> {
    return this.#state.flush();
  }

  async #changeRole(name: string, change: (roles: RoleTable) => RoleTable): Promise<Role> {
    const { roles, tokens } = this.#state.current;
    const changed = change(roles);
    const role = changed.get(name)!;
    await this.#change({ roles: changed, tokens });
    return role;
  }

  #change(next: Snapshot, reindex: () => void = () => {}): Promise<void> {
    try {
      reindex();
    } catch (reason) {
      this.#index.reset(this.#state.current.tokens);
      throw reason;
    }
    return this.#state.commit(next);
  }

  #rolledBack({ tokens }: Snapshot, reason: unknown): VaultError {
    this.#index.reset(tokens);
    const text = `state could not be written: ${messageOf(reason)}`;
    this.#log("error", text);
    return new VaultError("INTERNAL", `${text}; nothing was changed`, { cause: reason });
  }

  /** @throws What `admit` throws, counted for the metrics. */
  #admitted(admit: () => Role): Role {
    this.#metrics.authAttempted();
    try {
      return admit();
    } catch (refusal) {
      if (refusal instanceof AccessRefusal) this.#count(refusal);
      throw refusal;
    }
  }

  #count({ reason }: AccessRefusal): void {
    if (reason === "rate_limit") this.#metrics.rateLimited();
    else this.#metrics.authFailed(reason);
  }

  #today(): Day {
    return localDay(this.#clock.now());
  }
}

function summaryOf({ user, role, expires }: Token, roles: RoleTable): TokenSummary {
  const { topK, rateLimit } = roles.get(role) ?? { topK: "?", rateLimit: "?" } as const;
  return { user, role, topK, rateLimit, expires: expires ?? "never" };
}

function stateOf({ roles, tokens }: Snapshot): State {
  return { roles: roles.list(), tokens };
}

function refusal(text: string): VaultError {
  return new VaultError("FAILED_PRECONDITION", text);
}
