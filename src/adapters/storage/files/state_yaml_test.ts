import assert from "node:assert/strict";
import type { Role, Token } from "#ports/state_store.ts";
import { parseRoles } from "./parse_roles.ts";
import { parseTokens } from "./parse_tokens.ts";
import { StateYaml } from "./state_yaml.ts";

const member: Role = { name: "member", scope: ["get_public_key", "decrypt_scores"], topK: 10, rateLimit: "30/60s" };

const ROLES = `roles:
  member:
    scope:
    - get_public_key
    - decrypt_scores
    top_k: 10
    rate_limit: 30/60s
  'yes':
    scope: []
    top_k: -3
    rate_limit: 30/60s
`;

const TOKENS = `tokens:
- user: bob
  token: evt_7acdd64acc01bf60dd7713d8f9dd30e8
  role: admin
  issued_at: '2026-11-22'
- user: "\\xE9"
  token: evt_eee5f22a2d7188719e9336936e842c43
  role: member
  issued_at: ''
  expires: '2027-02-20'
`;

Deno.test("StateYaml writes roles as PyYAML does", () => {
  assert.equal(new StateYaml().roles([member, { name: "yes", scope: [], topK: -3, rateLimit: "30/60s" }]), ROLES);
  assert.equal(new StateYaml().roles([]), "roles: {}\n");
});

Deno.test("StateYaml writes a long role name as an explicit key, which readers take at any length", () => {
  const name = "n".repeat(5000);
  const text = new StateYaml().roles([{ ...member, name }]);
  assert.ok(text.startsWith(`roles:\n  ? ${name}\n  : scope:\n    - get_public_key\n`));
  assert.deepEqual(parseRoles(text, "/roles.yml"), [{ ...member, name }]);
});

Deno.test("StateYaml writes tokens as PyYAML does, dates quoted, no expires for never", () => {
  const tokens: Token[] = [
    { user: "bob", token: "evt_7acdd64acc01bf60dd7713d8f9dd30e8", role: "admin", issuedAt: "2026-11-22" },
    { user: "é", token: "evt_eee5f22a2d7188719e9336936e842c43", role: "member", issuedAt: "", expires: "2027-02-20" },
  ];
  assert.equal(new StateYaml().tokens(tokens), TOKENS);
  assert.equal(new StateYaml().tokens([]), "tokens: []\n");
  assert.deepEqual(parseTokens(TOKENS, "/tokens.yml"), tokens);
});

Deno.test("StateYaml and the parsers give back any name", () => {
  const names = [
    "true",
    "1e3",
    "~",
    "a: b",
    "- x",
    "'",
    '"',
    "#",
    " a ",
    "\0\t\n\r",
    "é😀",
    "\\",
    "{a}",
    "*",
    "x\u2028y",
  ];
  const yaml = new StateYaml();
  const roles = names.map((name) => ({ ...member, name, scope: names, rateLimit: name }));
  const tokens = names.map((name) => ({ user: name, token: name, role: name, issuedAt: name, expires: name }));
  assert.deepEqual(parseRoles(yaml.roles(roles), "/roles.yml"), roles);
  assert.deepEqual(parseTokens(yaml.tokens(tokens), "/tokens.yml"), tokens);
});
