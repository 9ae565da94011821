import type { Role } from "#ports/state_store.ts";
import { parseYaml, type YamlNode } from "./yaml_file.ts";

/**
 * Reads roles.yml. A role's missing or null fields have the defaults of contract runevault.md 2.7.
 *
 * @throws {Error} naming file, line and field; nothing of the content but role names is quoted.
 */
export function parseRoles(text: string, path: string): Role[] {
  const root = parseYaml(text, `roles file ${path}`);
  if (!root) return [];
  const list = root.fields(["roles"]).get("roles");
  // A file of something else must not pass for an empty one, which the next write would replace.
  if (!list) throw root.fail("roles is missing");
  if (list.isNull) return [];
  const roles = new Map<string, Role>();
  for (const [key, value] of list.pairs()) {
    const name = key.text();
    if (name === "") throw key.fail("the role's name is empty");
    if (roles.has(name)) throw key.fail("the role is there twice");
    roles.set(name, roleOf(name, value));
  }
  return [...roles.values()];
}

function roleOf(name: string, node: YamlNode): Role {
  const fields = node.fields(["scope", "top_k", "rate_limit"]);
  const given = (field: string) => fields.get(field)?.isNull ? undefined : fields.get(field);
  return {
    name,
    scope: given("scope")?.items().map((method) => method.text()) ?? [],
    topK: given("top_k")?.integer() ?? 5,
    rateLimit: given("rate_limit")?.text() ?? "30/60s",
  };
}
