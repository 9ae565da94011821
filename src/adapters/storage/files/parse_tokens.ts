import type { Token } from "#ports/state_store.ts";
import { parseYaml, type YamlNode } from "./yaml_file.ts";

const FIELDS = ["user", "token", "role", "issued_at", "created", "expires"];

interface Entry {
  readonly token: Token;
  readonly node: YamlNode;
}

/**
 * Reads tokens.yml.
 *
 * Of two entries for one user the last one counts, in the place of the first. The earlier token is dropped here and now:
 * the original kept it valid until the next restart, unseen by every list and out of reach of revocation.
 *
 * @param warn Is told of a dropped entry.
 * @throws {Error} naming file, line and field; no content is quoted.
 */
export function parseTokens(text: string, path: string, warn: (message: string) => void = () => {}): Token[] {
  const label = `tokens file ${path}`;
  const root = parseYaml(text, label);
  if (!root) return [];
  const list = root.fields(["tokens"]).get("tokens");
  // A file of something else must not pass for an empty one, which the next write would replace.
  if (!list) throw root.fail("tokens is missing");
  if (list.isNull) return [];
  const entries = new Map<string, Entry>();
  for (const node of list.items()) {
    const token = tokenOf(node);
    if (entries.has(token.user)) warn(`${label}: two entries for user '${token.user}': the first token is dropped`);
    entries.set(token.user, { token, node });
  }
  return distinct([...entries.values()]);
}

function tokenOf(node: YamlNode): Token {
  const fields = node.fields(FIELDS);
  const required = (name: string): string => {
    const text = fields.get(name)?.text();
    if (text === undefined) throw node.fail(`${name} is missing`);
    if (text === "") throw fields.get(name)!.fail("must not be empty");
    return text;
  };
  const optional = (name: string): string | undefined => {
    const field = fields.get(name);
    return field?.isNull ? undefined : field?.text() || undefined;
  };
  const kept = { user: required("user"), token: required("token"), role: required("role") };
  const issuedAt = optional("issued_at") ?? optional("created") ?? "";
  const expires = optional("expires");
  return expires === undefined ? { ...kept, issuedAt } : { ...kept, issuedAt, expires };
}

/** One token for two people could neither be told apart in the audit log nor be revoked for one of them. */
function distinct(entries: readonly Entry[]): Token[] {
  const seen = new Set<string>();
  for (const { token, node } of entries) {
    if (seen.has(token.token)) throw node.fail("token: another user has the same one");
    seen.add(token.token);
  }
  return entries.map(({ token }) => token);
}
