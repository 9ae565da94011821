import { VaultError } from "#errors/mod.ts";
import { TOKEN_STATES, type TokenCounts, type TokenState } from "#ports/metrics.ts";
import type { Token } from "#ports/state_store.ts";
import { type Day, endOfDay, parseDay } from "./calendar.ts";
import { isExpired } from "./token_life.ts";

/**
 * Counts tokens by role and state; linear in their number.
 *
 * @param roles Names of all roles; those without a token are counted with zeros.
 */
export function countTokens(tokens: readonly Token[], roles: readonly string[], today: Day): TokenCounts {
  const existing = new Set(roles), users = new Set<string>();
  const byRole = new Map(roles.map((role) => [role, zeros()]));
  let lastDay: Day | undefined;
  for (const token of tokens) {
    users.add(token.user);
    const state = existing.has(token.role) ? stateOf(token, today) : "no_role";
    const counts = byRole.get(token.role) ?? zeros();
    counts[state] += 1;
    byRole.set(token.role, counts);
    if (state !== "valid" || token.expires === undefined) continue;
    const day = parseDay(token.expires);
    if (lastDay === undefined || day < lastDay) lastDay = day;
  }
  return { byRole, users, ...lastDay !== undefined && { soonestExpiry: endOfDay(lastDay) } };
}

function stateOf(token: Token, today: Day): TokenState {
  try {
    return isExpired(token, today) ? "expired" : "valid";
  } catch (reason) {
    if (reason instanceof VaultError) return "unreadable";
    throw reason;
  }
}

function zeros(): Record<TokenState, number> {
  return Object.fromEntries(TOKEN_STATES.map((state) => [state, 0])) as Record<TokenState, number>;
}
