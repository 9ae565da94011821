import { VaultError } from "#errors/mod.ts";
import type { Token } from "#ports/state_store.ts";
import { type AgentId, agentIdOfDigest, digestOf } from "./agent_id.ts";

/** A token with what the vault derives from it. */
export interface Holder {
  readonly user: string;
  readonly token: Token;
  readonly agentId: AgentId;
}

interface Entry {
  readonly digest: string;
  readonly holder: Holder;
}

/**
 * Finds a token by its text or its user.
 *
 * The text is looked up by its digest: how far two digests agree tells nothing about the token, so the time of a look-up
 * gives no guess away.
 */
export class TokenIndex {
  readonly #byDigest = new Map<string, Holder>();
  readonly #byUser = new Map<string, Entry>();

  /** Replaces everything by the given tokens. */
  reset(tokens: readonly Token[]): void {
    this.#byDigest.clear();
    this.#byUser.clear();
    for (const token of tokens) this.add(token);
  }

  /** @throws {VaultError} INTERNAL when the user or the token's text is there already. */
  add(token: Token): void {
    const digest = digestOf(token.token);
    if (this.#byDigest.has(digest) || this.#byUser.has(token.user)) {
      throw new VaultError("INTERNAL", `token of user '${token.user}' is not unique`);
    }
    const holder = Object.freeze({ user: token.user, token, agentId: agentIdOfDigest(digest) });
    this.#byDigest.set(digest, holder);
    this.#byUser.set(token.user, { digest, holder });
  }

  delete(user: string): void {
    const entry = this.#byUser.get(user);
    if (!entry) return;
    this.#byUser.delete(user);
    this.#byDigest.delete(entry.digest);
  }

  find(token: string): Holder | undefined {
    return this.#byDigest.get(digestOf(token));
  }

  ofUser(user: string): Token | undefined {
    return this.#byUser.get(user)?.holder.token;
  }
}
