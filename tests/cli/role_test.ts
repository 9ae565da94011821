import assert from "node:assert/strict";
import { TempDir } from "#config/testing.ts";
import { type Answer, FakeAdminServer, type Received } from "./fake_admin_server.ts";
import { runCli, socketPermissions } from "./run_cli.ts";

const ROLES = [
  {
    name: "admin",
    scope: ["get_public_key", "decrypt_scores", "decrypt_metadata", "manage_tokens"],
    top_k: 50,
    rate_limit: "150/60s",
  },
  {
    name: "member",
    scope: ["get_public_key", "decrypt_scores", "decrypt_metadata"],
    top_k: 10,
    rate_limit: "30/60s",
  },
];
const READER = { name: "reader", scope: ["a", "b"], top_k: 0, rate_limit: "5/1s" };
const UPDATED = "Role 'r/1' updated. Changes take effect immediately for all tokens with this role.\n";

for (
  const { args, answer = { body: READER }, sent, stdout } of [
    {
      args: ["list"],
      answer: { body: { roles: ROLES } },
      sent: { method: "GET", target: "/roles" },
      stdout: "ROLE         SCOPE                                               TOP_K       RATE\n" +
        "admin        get_public_key,decrypt_scores,decrypt_metadata,manage_tokens     50    150/60s\n" +
        "member       get_public_key,decrypt_scores,decrypt_metadata         10     30/60s\n",
    },
    {
      args: ["list"],
      answer: { body: { roles: [] } },
      sent: { method: "GET", target: "/roles" },
      stdout: "No roles defined.\n",
    },
    {
      args: ["list", "--json"],
      answer: { body: { roles: ROLES } },
      sent: { method: "GET", target: "/roles" },
      stdout: `${JSON.stringify({ roles: ROLES })}\n`,
    },
    {
      args: ["create", "--name", "reader", "--scope", " a ,,b,", "--top-k", "0", "--rate-limit", "5/1s"],
      answer: { status: 201, body: READER },
      sent: { method: "POST", target: "/roles", body: READER },
      stdout: "Role 'reader' created.\n",
    },
    {
      args: ["create", "--name", "n", "--scope", "", "--top-k", "-5", "--rate-limit", "x"],
      answer: { status: 201, body: READER },
      sent: { method: "POST", target: "/roles", body: { name: "n", scope: [], top_k: -5, rate_limit: "x" } },
      stdout: "Role 'n' created.\n",
    },
    {
      args: ["update", "--name", "r/1", "--top-k", "0"],
      sent: { method: "PUT", target: "/roles/r%2F1", body: { top_k: 0 } },
      stdout: UPDATED,
    },
    {
      args: ["update", "--name", "r/1", "--rate-limit", ""],
      sent: { method: "PUT", target: "/roles/r%2F1", body: { rate_limit: "" } },
      stdout: UPDATED,
    },
    {
      args: ["update", "--name", "r/1", "--scope", "a", "--top-k", "+7", "--rate-limit", "1/1s"],
      sent: { method: "PUT", target: "/roles/r%2F1", body: { scope: ["a"], top_k: 7, rate_limit: "1/1s" } },
      stdout: UPDATED,
    },
    {
      args: ["delete", "--name", "reader"],
      answer: { body: { message: "Deleted role 'reader'" } },
      sent: { method: "DELETE", target: "/roles/reader" },
      stdout: "Role 'reader' deleted.\n",
    },
  ] as { args: string[]; answer?: Answer; sent: Received; stdout: string }[]
) {
  Deno.test(`runevault role ${args.join(" ")} (${JSON.stringify(answer.body).length} bytes)`, async () => {
    using dir = new TempDir();
    const socket = dir.join("admin.sock");
    await using server = new FakeAdminServer(socket, answer);
    const result = await runCli(["--admin-socket", socket, "role", ...args], socketPermissions(socket));
    assert.deepEqual(result, { code: 0, stdout, stderr: "" });
    assert.deepEqual(server.received, [sent]);
  });
}
