import assert from "node:assert/strict";
import { TestVault } from "../support/test_vault.ts";
import { checkCases } from "./run_cli.ts";

const HEAD = "USER             ROLE        TOP_K       RATE  EXPIRES     \n";
const ALICE = "alice            member         10     30/60s  YYYY-MM-DD  \n";
const BOB = "bob              admin          50    150/60s  never       \n";

const CAROL_EXPIRES = "Warning: the token of 'carol' expires today (YYYY-MM-DD)\n";

function shown(event: string, user: string, role: string, expires: string): string {
  return `
Token ${event} for '${user}':
  Role:    ${role}
  Expires: ${expires}

  Token: TOKEN

  WARNING: This token will NOT be shown again. Share it securely.
`;
}

function json(user: string, role: string, expires: string): string {
  return `{"user":"${user}","token":"TOKEN","role":"${role}","issued_at":"YYYY-MM-DD","expires":"${expires}"}\n`;
}

Deno.test("runevault token prints what the original printed, on the real daemon", async (t) => {
  await using vault = await TestVault.start();
  const socket = ["--admin-socket", vault.socket];
  await checkCases(t, vault, [
    { args: ["token", "list"], stdout: "No tokens issued.\n" },
    { args: ["token", "list", "--json"], stdout: '{"tokens":[]}\n' },
    { args: ["token", "rotate", "--all"], stdout: "No tokens to rotate.\n" },
    {
      args: ["token", "issue", "--user", "alice", "--role", "member", "--expires", "90d"],
      stdout: shown("issued", "alice", "member", "YYYY-MM-DD"),
    },
    {
      args: [...socket, "token", "issue", "--role=admin", "--user=bob"],
      stdout: shown("issued", "bob", "admin", "never"),
    },
    {
      args: ["token", ...socket, "issue", "--us", "carol", "--ro", "member", "--ex", "0d", "--json"],
      stdout: json("carol", "member", "YYYY-MM-DD"),
    },
    {
      args: ["token", "issue", "--user", "alice", "--role", "admin"],
      stderr: "Error: Token already exists for user 'alice'\n",
    },
    { args: ["token", "issue", "--user", "dave", "--role", "ghost"], stderr: "Error: Role 'ghost' does not exist\n" },
    {
      args: ["token", "issue", "--user", "dave", "--role", "member", "--expires", "999999999d"],
      stderr: "Error: date value out of range\n",
    },
    {
      args: ["token", "issue", "--user", "", "--role", "member"],
      stderr: "Error: Missing required fields: user, role\n",
    },
    {
      args: ["token", "list", ...socket],
      stdout: HEAD + ALICE + BOB + ALICE.replace("alice", "carol"),
      stderr: CAROL_EXPIRES,
      code: 0,
    },
    {
      args: ["token", "list", "--json"],
      stdout: '{"tokens":[{"user":"alice","role":"member","top_k":10,"rate_limit":"30/60s","expires":"YYYY-MM-DD",' +
        '"days_left":90},' +
        '{"user":"bob","role":"admin","top_k":50,"rate_limit":"150/60s","expires":"never","days_left":null},' +
        '{"user":"carol","role":"member","top_k":10,"rate_limit":"30/60s","expires":"YYYY-MM-DD","days_left":0}]}\n',
      stderr: CAROL_EXPIRES,
      code: 0,
    },
    {
      args: ["token", "rotate", "--user", "alice"],
      stdout: shown("rotated", "alice", "member", "YYYY-MM-DD"),
    },
    { args: ["token", "rotate", "--user", "bob", "--json"], stdout: json("bob", "admin", "never") },
    { args: ["token", "rotate", "--user", "eve"], stderr: "Error: No token found for user 'eve'\n" },
    {
      args: ["token", "list"],
      stdout: HEAD + ALICE.replace("alice", "carol") + ALICE + BOB,
      stderr: CAROL_EXPIRES,
      code: 0,
    },
    {
      args: ["token", "show", "alice"],
      stdout: `User:       alice
Role:       member
Issued:     YYYY-MM-DD
Expires:    YYYY-MM-DD (90 days left)
Top-k:      10
Rate limit: 30/60s
Scopes:     get_public_key,decrypt_scores,decrypt_metadata
`,
    },
    {
      args: ["token", "show", "--json", "carol"],
      stdout: '{"user":"carol","role":"member","issued_at":"YYYY-MM-DD","expires":"YYYY-MM-DD","days_left":0,' +
        '"top_k":10,"rate_limit":"30/60s","scope":["get_public_key","decrypt_scores","decrypt_metadata"]}\n',
    },
    { args: ["token", "show", "eve"], stderr: "Error: No token found for user 'eve'\n" },
    {
      args: ["token", "rotate", "--all"],
      stdout: `Rotated 3 token(s):

  carol: TOKEN
  alice: TOKEN
  bob: TOKEN

  WARNING: These tokens will NOT be shown again. Share them securely.
`,
    },
    { args: ["token", "revoke", "--user", "carol"], stdout: "Revoked token for 'carol'\n" },
    { args: ["token", "revoke", "--user", "carol"], stderr: "Error: No token found for user 'carol'\n" },
    {
      args: ["token", "rotate", "--all", "--json"],
      stdout: '{"rotated":2,"tokens":[{"user":"alice","token":"TOKEN","role":"member"},' +
        '{"user":"bob","token":"TOKEN","role":"admin"}]}\n',
    },
    {
      args: ["role", "create", "--name", "a-long-role", "--scope", "x", "--top-k", "1", "--rate-limit", "1/1s"],
      stdout: "Role 'a-long-role' created.\n",
    },
    {
      args: ["token", "issue", "--user", "a-user-of-20-letters", "--role", "a-long-role"],
      stdout: shown("issued", "a-user-of-20-letters", "a-long-role", "never"),
    },
    { args: ["token", "issue", "--user", "𝓪𝓵", "--role", "admin"], stdout: shown("issued", "𝓪𝓵", "admin", "never") },
    {
      args: ["token", "list"],
      stdout: `${HEAD}${ALICE}${BOB}a-user-of-20-letters a-long-role      1       1/1s  never       \n` +
        "𝓪𝓵               admin          50    150/60s  never       \n",
    },
    {
      args: ["token", "issue", "--user", "a/b ü?", "--role", "admin"],
      stdout: shown("issued", "a/b ü?", "admin", "never"),
    },
    { args: ["token", "rotate", "--user", "a/b ü?"], stdout: shown("rotated", "a/b ü?", "admin", "never") },
    { args: ["token", "revoke", "--user", "a/b ü?"], stdout: "Revoked token for 'a/b ü?'\n" },
  ]);
});

Deno.test("runevault token issue --expires counts days from today, and rotation keeps their number", async () => {
  await using vault = await TestVault.start();
  for (const [expires, days] of [["90d", 90], ["12w", 84], ["6m", 180], ["0d", 0]] as const) {
    const issued = await vault.cli(
      "token",
      "issue",
      "--user",
      expires,
      "--role",
      "member",
      "--expires",
      expires,
      "--json",
    );
    const rotated = await vault.cli("token", "rotate", "--user", expires, "--json");
    for (const { stdout } of [issued, rotated]) {
      const { issued_at, expires } = JSON.parse(stdout);
      assert.equal((Date.parse(expires) - Date.parse(issued_at)) / 86_400_000, days);
    }
  }
});
