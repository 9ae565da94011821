import { VaultError } from "#errors/mod.ts";
import type { Clock } from "#ports/clock.ts";
import type { Role, Token } from "#ports/state_store.ts";
import { DEFAULT_ROLES } from "./default_roles.ts";
import { parseRateLimit, parseStoredRateLimit } from "./rate_limit.ts";
import { SlidingWindow } from "./sliding_window.ts";

/** What of a role may be changed. */
export type RoleChange = Partial<Omit<Role, "name">>;

/**
 * A role and the rate limiters of its holders.
 *
 * Limiters hang on the token and on this map, both by identity: a rotated or revoked token leaves its limiter behind, a
 * new rate limit brings a new map, and after a failed write the old snapshot has the old budgets, not fresh ones.
 */
interface Entry {
  readonly role: Role;
  readonly windows: WeakMap<Token, SlidingWindow>;
}

/** All roles in listing order, immutable: a change returns a new table. Rules and texts: contract runevault.md 2.5. */
export class RoleTable {
  readonly #entries: ReadonlyMap<string, Entry>;

  private constructor(entries: ReadonlyMap<string, Entry>) {
    this.#entries = entries;
  }

  /** The roles as stored, then those default roles that are missing. */
  static of(roles: readonly Role[]): RoleTable {
    const entries = new Map(roles.map((role) => [role.name, newEntry(role)]));
    for (const role of DEFAULT_ROLES) if (!entries.has(role.name)) entries.set(role.name, newEntry(role));
    return new RoleTable(entries);
  }

  list(): Role[] {
    return Array.from(this.#entries.values(), ({ role }) => role);
  }

  get(name: string): Role | undefined {
    return this.#entries.get(name)?.role;
  }

  /**
   * The limiter of one holder of the role, made from the role's rate limit when it is first asked for.
   *
   * @throws {VaultError} INVALID_ARGUMENT when the stored rate limit cannot be read.
   */
  windowOf(name: string, token: Token, clock: Clock): SlidingWindow {
    const { role, windows } = this.#require(name);
    let window = windows.get(token);
    if (!window) windows.set(token, window = new SlidingWindow(parseStoredRateLimit(role.rateLimit), clock));
    return window;
  }

  create(role: Role): RoleTable {
    parseRateLimit(role.rateLimit);
    if (this.#entries.has(role.name)) throw refusal(`Role '${role.name}' already exists`);
    return this.#with(newEntry(role));
  }

  /** A given `rateLimit`, even the same one, gives every holder a fresh budget; other changes leave budgets alone. */
  update(name: string, { scope, topK, rateLimit }: RoleChange): RoleTable {
    if (rateLimit !== undefined) parseRateLimit(rateLimit);
    const { role, windows } = this.#require(name);
    const changed = newEntry({
      name,
      scope: scope ?? role.scope,
      topK: topK ?? role.topK,
      rateLimit: rateLimit ?? role.rateLimit,
    });
    return this.#with(rateLimit === undefined ? { ...changed, windows } : changed);
  }

  /** @param tokens All tokens in store order: a role that one of them holds stays. */
  delete(name: string, tokens: readonly Token[]): RoleTable {
    if (DEFAULT_ROLES.some((role) => role.name === name)) throw refusal(`Cannot delete default role '${name}'`);
    this.#require(name);
    const holder = tokens.find((token) => token.role === name);
    if (holder) throw refusal(`Cannot delete role '${name}': token for user '${holder.user}' is assigned to it`);
    const entries = new Map(this.#entries);
    entries.delete(name);
    return new RoleTable(entries);
  }

  #require(name: string): Entry {
    const entry = this.#entries.get(name);
    if (!entry) throw refusal(`Role '${name}' does not exist`);
    return entry;
  }

  #with(entry: Entry): RoleTable {
    return new RoleTable(new Map(this.#entries).set(entry.role.name, entry));
  }
}

/** Copies and freezes, so that no caller's later change to its own object reaches the vault. */
function newEntry({ name, scope, topK, rateLimit }: Role): Entry {
  return {
    role: Object.freeze({ name, scope: Object.freeze([...scope]), topK, rateLimit }),
    windows: new WeakMap(),
  };
}

function refusal(text: string): VaultError {
  return new VaultError("FAILED_PRECONDITION", text);
}
