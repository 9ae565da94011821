import assert from "node:assert/strict";
import { parseRoles } from "./parse_roles.ts";
import { parseTokens } from "./parse_tokens.ts";

const SECRET = "evt_5ec7e75ec7e75ec7e75ec7e75ec7e75e";
const role = (change = {}) => ({ name: "a", scope: [], topK: 5, rateLimit: "30/60s", ...change });
const token = (change = {}) => ({ user: "u", token: "evt_1", role: "r", issuedAt: "2026-01-01", ...change });

for (
  const { name, yaml, want } of [
    { name: "an empty file", yaml: "", want: [] },
    { name: "a null file", yaml: "~\n", want: [] },
    { name: "null roles", yaml: "roles:\n", want: [] },
    { name: "a role without fields", yaml: "roles: {a: {}}", want: [role()] },
    { name: "null fields", yaml: "roles:\n  a:\n    scope:\n    top_k: ~\n    rate_limit: null\n", want: [role()] },
    { name: "flow lists", yaml: "roles:\n  a:\n    scope: [x, 'y']\n", want: [role({ scope: ["x", "y"] })] },
    { name: "top_k 0 as 0", yaml: "roles: {a: {top_k: 0}}", want: [role({ topK: 0 })] },
    { name: "a rate limit of any form", yaml: "roles: {a: {rate_limit: 30/60}}", want: [role({ rateLimit: "30/60" })] },
    { name: "unknown keys", yaml: "version: 3\nroles: {a: {note: [1, {x: y}]}}", want: [role()] },
    {
      name: "names that look like numbers and booleans",
      yaml: "roles: {1e3: {}, yes: {}}",
      want: [role({ name: "1e3" }), role({ name: "yes" })],
    },
    { name: "names of Object.prototype", yaml: "roles: {__proto__: {}}", want: [role({ name: "__proto__" })] },
    { name: "YAML 1.1", yaml: "%YAML 1.1\n---\nroles: {no: {}}", want: [role({ name: "no" })] },
  ]
) {
  Deno.test(`parseRoles() accepts ${name}`, () => assert.deepEqual(parseRoles(yaml, "/roles.yml"), want));
}

for (
  const { name, yaml, want } of [
    { name: "something else's file", yaml: "tokens: []", want: "line 1: roles is missing" },
    { name: "a list", yaml: "- a", want: "line 1: must be a mapping" },
    { name: "a list of roles", yaml: "roles:\n- a\n", want: "line 2: roles: must be a mapping" },
    { name: "a null role", yaml: "roles:\n  a:\n", want: "line 2: roles[0]: must be a mapping" },
    { name: "an empty name", yaml: "roles:\n  '': {}\n", want: "line 2: roles[0]: the role's name is empty" },
    { name: "a mapping as a name", yaml: "roles:\n  ? {a: b}\n  : {}\n", want: "line 2: roles[0]: must be a string" },
    { name: "a role twice", yaml: "roles:\n  a: {}\n  a: {}\n", want: "line 3: roles[1]: the role is there twice" },
    {
      name: "a field twice",
      yaml: "roles:\n  a: {top_k: 1,\n    top_k: 2}\n",
      want: "line 3: roles[0][1]: top_k is there twice",
    },
    { name: "a fraction", yaml: "roles:\n  a:\n    top_k: 5.0\n", want: "line 3: roles[0].top_k: must be an integer" },
    {
      name: "a quoted integer",
      yaml: "roles:\n  a:\n    top_k: '5'\n",
      want: "line 3: roles[0].top_k: must be an integer",
    },
    {
      name: "a scope of one word",
      yaml: "roles:\n  a:\n    scope: x\n",
      want: "line 3: roles[0].scope: must be a list",
    },
    {
      name: "null in a scope",
      yaml: "roles:\n  a:\n    scope:\n    - x\n    - ~\n",
      want: "line 5: roles[0].scope[1]: must be a string",
    },
    {
      name: "an alias",
      yaml: "x: &x [y]\nroles:\n  a:\n    scope: *x\n",
      want: "line 4: roles[0].scope: must be a list",
    },
  ]
) {
  Deno.test(`parseRoles() refuses ${name} with file, line and field`, () => {
    assert.throws(() => parseRoles(yaml, "/roles.yml"), { message: `parse roles file /roles.yml: ${want}` });
  });
}

for (
  const { name, yaml, want } of [
    { name: "null tokens", yaml: "tokens:\n", want: [] },
    {
      name: "unquoted dates",
      yaml: "tokens:\n- {user: u, token: evt_1, role: r, issued_at: 2026-01-01, expires: 2027-01-01}",
      want: [token({ expires: "2027-01-01" })],
    },
    {
      name: "created for issued_at",
      yaml: "tokens:\n- {user: u, token: evt_1, role: r, created: '2026-01-01'}",
      want: [token()],
    },
    {
      name: "created for an empty issued_at",
      yaml: "tokens:\n- {user: u, token: evt_1, role: r, issued_at: '', created: 2026-01-01}",
      want: [token()],
    },
    {
      name: "issued_at before created",
      yaml: "tokens:\n- {created: 2020-01-01, user: u, token: evt_1, role: r, issued_at: 2026-01-01}",
      want: [token()],
    },
    {
      name: "no date of issue at all",
      yaml: "tokens: [{user: u, token: evt_1, role: r}]",
      want: [token({ issuedAt: "" })],
    },
    {
      name: "null and empty expiry as never",
      yaml:
        "tokens:\n- {user: u, token: evt_1, role: r, issued_at: 2026-01-01, expires: ~}\n- {user: v, token: evt_2, role: r, issued_at: 2026-01-01, expires: ''}",
      want: [token(), token({ user: "v", token: "evt_2" })],
    },
    {
      name: "an expiry that is no date",
      yaml: "tokens: [{user: u, token: evt_1, role: r, created: 2026-01-01, expires: nope}]",
      want: [token({ expires: "nope" })],
    },
    {
      name: "numbers as names",
      yaml: "tokens: [{user: 007, token: evt_1, role: r, created: 2026-01-01}]",
      want: [token({ user: "007" })],
    },
  ]
) {
  Deno.test(`parseTokens() accepts ${name}`, () => assert.deepEqual(parseTokens(yaml, "/tokens.yml"), want));
}

for (
  const { name, yaml, want } of [
    { name: "something else's file", yaml: "roles: {}", want: "line 1: tokens is missing" },
    { name: "no user", yaml: `tokens:\n- token: ${SECRET}\n  role: r\n`, want: "line 2: tokens[0]: user is missing" },
    { name: "no token", yaml: "tokens:\n- user: u\n  role: r\n", want: "line 2: tokens[0]: token is missing" },
    {
      name: "no role, as in a file cut short",
      yaml: `tokens:\n- user: u\n  token: ${SECRET}`,
      want: "line 2: tokens[0]: role is missing",
    },
    {
      name: "a null user",
      yaml: `tokens:\n- token: ${SECRET}\n  user: ~\n  role: r\n`,
      want: "line 3: tokens[0].user: must be a string",
    },
    {
      name: "an empty token",
      yaml: "tokens:\n- user: u\n  token: ''\n  role: r\n",
      want: "line 3: tokens[0].token: must not be empty",
    },
    { name: "a token for an entry", yaml: `tokens:\n- ${SECRET}\n`, want: "line 2: tokens[0]: must be a mapping" },
    { name: "a token for a key", yaml: `tokens:\n  ${SECRET}: x\n`, want: "line 2: tokens: must be a list" },
    {
      name: "a list for a date",
      yaml: `tokens:\n- {user: u, token: ${SECRET}, role: r, expires: [${SECRET}]}`,
      want: "line 2: tokens[0].expires: must be a string",
    },
    {
      name: "one token for two users",
      yaml: `tokens:\n- {user: u, token: ${SECRET}, role: r}\n- {user: v, token: ${SECRET}, role: r}`,
      want: "line 3: tokens[1]: token: another user has the same one",
    },
    {
      name: "broken YAML",
      yaml: `tokens:\n- user: ${SECRET}: x\n  bla`,
      want: "line 2: not valid YAML (BLOCK_AS_IMPLICIT_KEY)",
    },
    { name: "an unknown alias", yaml: `tokens: *${SECRET}`, want: "line 1: tokens: must be a list" },
    {
      name: "a tag",
      yaml: `tokens: !!python/object:${SECRET} []`,
      want: "line 1: not valid YAML (TAG_RESOLVE_FAILED)",
    },
    { name: "two documents", yaml: "tokens: []\n---\ntokens: []\n", want: "line 2: not valid YAML (MULTIPLE_DOCS)" },
    {
      name: "deep nesting",
      yaml: `tokens: ${"[".repeat(50_000)}`,
      want: "line 1: not valid YAML (RESOURCE_EXHAUSTION)",
    },
  ]
) {
  Deno.test(`parseTokens() refuses ${name} with file, line and field, quoting no token`, () => {
    assert.throws(() => parseTokens(yaml, "/tokens.yml"), { message: `parse tokens file /tokens.yml: ${want}` });
  });
}

Deno.test("parseTokens() keeps a user's last entry in the first one's place and drops the earlier token", () => {
  const yaml = `tokens:\n- {user: u, token: ${SECRET}, role: r}\n- {user: v, token: evt_2, role: r}\n` +
    `- {user: u, token: evt_3, role: s}\n`;
  const warnings: string[] = [];
  const tokens = parseTokens(yaml, "/tokens.yml", (message) => warnings.push(message));
  assert.deepEqual(tokens.map(({ user, token, role }) => [user, token, role]), [["u", "evt_3", "s"], [
    "v",
    "evt_2",
    "r",
  ]]);
  assert.deepEqual(warnings, ["tokens file /tokens.yml: two entries for user 'u': the first token is dropped"]);
});

Deno.test("an alias bomb costs nothing, since no alias is ever followed", () => {
  const levels = Array.from({ length: 60 }, (_, i) => `l${i + 1}: &l${i + 1} [*l${i}, *l${i}]`).join("\n");
  assert.deepEqual(parseRoles(`l0: &l0 [x]\n${levels}\nroles: {}`, "/roles.yml"), []);
  assert.throws(() => parseRoles(`l0: &l0 [x]\n${levels}\nroles: *l60`, "/roles.yml"), /roles: must be a mapping/);
});
