/**
 * roles.yml and tokens.yml as PyYAML writes them. Schema and example: contract runevault.md 2.7.
 *
 * @module
 */
import type { Role, Token } from "#ports/state_store.ts";
import { pyScalar } from "./py_scalar.ts";

/** From this many characters on, PyYAML writes a key in its explicit form; readers give up on implicit ones at 1024. */
const EXPLICIT_KEY_LENGTH = 128;

/**
 * Writes whole files from remembered entries: roles and tokens are immutable, so each one is turned into YAML once, and
 * a change among 10,000 tokens costs one entry and a join.
 */
export class StateYaml {
  readonly #roles = new WeakMap<Role, string>();
  readonly #tokens = new WeakMap<Token, string>();

  roles(roles: readonly Role[]): string {
    if (roles.length === 0) return "roles: {}\n";
    return "roles:\n" + roles.map((role) => remembered(this.#roles, role, roleYaml)).join("");
  }

  tokens(tokens: readonly Token[]): string {
    if (tokens.length === 0) return "tokens: []\n";
    return "tokens:\n" + tokens.map((token) => remembered(this.#tokens, token, tokenYaml)).join("");
  }
}

function roleYaml({ name, scope, topK, rateLimit }: Role): string {
  const key = pyScalar(name);
  const fields = [
    scope.length === 0 ? "scope: []" : "scope:",
    ...scope.map((method) => `- ${pyScalar(method)}`),
    `top_k: ${topK}`,
    `rate_limit: ${pyScalar(rateLimit)}`,
  ].join("\n    ");
  if (name.length >= EXPLICIT_KEY_LENGTH) return `  ? ${key}\n  : ${fields}\n`;
  return `  ${key}:\n    ${fields}\n`;
}

function tokenYaml({ user, token, role, issuedAt, expires }: Token): string {
  const fields = [`user: ${pyScalar(user)}`, `token: ${pyScalar(token)}`, `role: ${pyScalar(role)}`];
  fields.push(`issued_at: ${pyScalar(issuedAt)}`);
  if (expires !== undefined) fields.push(`expires: ${pyScalar(expires)}`);
  return `- ${fields.join("\n  ")}\n`;
}

function remembered<K extends object>(cache: WeakMap<K, string>, key: K, make: (key: K) => string): string {
  let text = cache.get(key);
  if (text === undefined) cache.set(key, text = make(key));
  return text;
}
