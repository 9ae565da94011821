import { TestVault } from "../support/test_vault.ts";
import { checkCases } from "./run_cli.ts";

const HEAD = "ROLE         SCOPE                                               TOP_K       RATE\n";
const ADMIN = "admin        get_public_key,decrypt_scores,decrypt_metadata,manage_tokens     50    150/60s\n";
const MEMBER = "member       get_public_key,decrypt_scores,decrypt_metadata         10     30/60s\n";
const DEFAULTS_JSON =
  '{"name":"admin","scope":["get_public_key","decrypt_scores","decrypt_metadata","manage_tokens"],' +
  '"top_k":50,"rate_limit":"150/60s"},' +
  '{"name":"member","scope":["get_public_key","decrypt_scores","decrypt_metadata"],"top_k":10,"rate_limit":"30/60s"}';
const updated = (name: string) =>
  `Role '${name}' updated. Changes take effect immediately for all tokens with this role.\n`;
const formatError = (value: string) =>
  `Error: Invalid rate_limit format '${value}'. Expected '<max>/<window>s' (e.g. '30/60s')\n`;

function create(name: string, { scope = " a ,,b,", topK = "0", rateLimit = "5/1s" } = {}): string[] {
  return ["role", "create", "--name", name, "--scope", scope, "--top-k", topK, "--rate-limit", rateLimit];
}

Deno.test("runevault role prints what the original printed, on the real daemon", async (t) => {
  await using vault = await TestVault.start();
  const socket = ["--admin-socket", vault.socket];
  const update = (...args: string[]) => ["role", "update", "--name", ...args];
  await checkCases(t, vault, [
    { args: [...socket, "role", "list"], stdout: HEAD + ADMIN + MEMBER },
    { args: ["role", "list", "--json"], stdout: `{"roles":[${DEFAULTS_JSON}]}\n` },
    { args: create("reader"), stdout: "Role 'reader' created.\n" },
    { args: create("reader"), stderr: "Error: Role 'reader' already exists\n" },
    { args: create("reader", { rateLimit: "5/m" }), stderr: formatError("5/m") },
    {
      args: create("empty", { scope: " , " }),
      stderr: "Error: Missing required fields: name, scope, top_k, rate_limit\n",
    },
    { args: create("r/1", { scope: "x", topK: "-5" }), stdout: "Role 'r/1' created.\n" },
    {
      args: ["role", ...socket, "list"],
      stdout: HEAD + ADMIN + MEMBER +
        "reader       a,b                                                     0       5/1s\n" +
        "r/1          x                                                      -5       5/1s\n",
    },
    { args: update("r/1", "--top-k", "+7"), stdout: updated("r/1") },
    { args: update("reader", "--scope", "a", "--top-k", "0", "--rate-limit", "1/1s"), stdout: updated("reader") },
    { args: update("reader", "--rate-limit", ""), stderr: formatError("") },
    { args: update("ghost", "--top-k", "1"), stderr: "Error: Role 'ghost' does not exist\n" },
    {
      args: ["role", "list", "--json", ...socket],
      stdout: `{"roles":[${DEFAULTS_JSON},{"name":"reader","scope":["a"],"top_k":0,"rate_limit":"1/1s"},` +
        '{"name":"r/1","scope":["x"],"top_k":7,"rate_limit":"5/1s"}]}\n',
    },
    { args: ["role", "delete", "--name", "admin"], stderr: "Error: Cannot delete default role 'admin'\n" },
    { args: ["role", "delete", "--name", "ghost"], stderr: "Error: Role 'ghost' does not exist\n" },
    { args: ["role", "delete", "--name", "r/1"], stdout: "Role 'r/1' deleted.\n" },
    {
      args: ["token", "issue", "--user", "rita", "--role", "reader", "--json"],
      stdout: '{"user":"rita","token":"TOKEN","role":"reader","issued_at":"YYYY-MM-DD","expires":"never"}\n',
    },
    {
      args: ["role", "delete", "--name", "reader"],
      stderr: "Error: Cannot delete role 'reader': token for user 'rita' is assigned to it\n",
    },
    { args: ["token", "revoke", "--user", "rita"], stdout: "Revoked token for 'rita'\n" },
    { args: ["role", "delete", "--name", "reader"], stdout: "Role 'reader' deleted.\n" },
    { args: ["role", "list"], stdout: HEAD + ADMIN + MEMBER },
  ]);
});
