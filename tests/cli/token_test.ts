import assert from "node:assert/strict";
import { TempDir } from "#config/testing.ts";
import { type Answer, FakeAdminServer, type Received } from "./fake_admin_server.ts";
import { runCli, socketPermissions } from "./run_cli.ts";

const TOKEN = "evt_392be6a79eb206a5a50a3a3e5e50b1e3";
const ALICE = { user: "alice", token: TOKEN, role: "member", issued_at: "2026-11-22", expires: "2027-02-20" };
const ISSUED = `
Token issued for 'alice':
  Role:    member
  Expires: 2027-02-20

  Token: ${TOKEN}

  WARNING: This token will NOT be shown again. Share it securely.
`;
const LISTED = [
  { user: "alice", role: "member", top_k: 10, rate_limit: "30/60s", expires: "2027-02-20" },
  { user: "bob", role: "admin", top_k: 50, rate_limit: "150/60s", expires: "never" },
];
const ROTATED = {
  rotated: 2,
  tokens: [
    { user: "bob", token: "evt_609691e8d260d5483465b607d5eb6a03", role: "admin" },
    { user: "alice", token: "evt_f599a754a92ae4aa7b424d59907d3780", role: "member" },
  ],
};

for (
  const { args, answer, sent, stdout } of [
    {
      args: ["issue", "--user", "alice", "--role", "member", "--expires", "90d"],
      answer: { status: 201, body: ALICE },
      sent: { method: "POST", target: "/tokens", body: { user: "alice", role: "member", expires_days: 90 } },
      stdout: ISSUED,
    },
    {
      args: ["issue", "--role=member", "--user=alice"],
      answer: { status: 201, body: { ...ALICE, expires: "never" } },
      sent: { method: "POST", target: "/tokens", body: { user: "alice", role: "member" } },
      stdout: ISSUED.replace("2027-02-20", "never"),
    },
    {
      args: ["issue", "--us", "alice", "--ro", "member", "--ex", "0d", "--json"],
      answer: { status: 201, body: ALICE },
      sent: { method: "POST", target: "/tokens", body: { user: "alice", role: "member", expires_days: 0 } },
      stdout: `${JSON.stringify(ALICE)}\n`,
    },
    {
      args: ["rotate", "--user", "a/b ü?"],
      answer: { body: ALICE },
      sent: { method: "POST", target: "/tokens/a%2Fb%20%C3%BC%3F/rotate", body: {} },
      stdout: ISSUED.replace("issued", "rotated"),
    },
    {
      args: ["rotate", "--user", "alice", "--json"],
      answer: { body: ALICE },
      sent: { method: "POST", target: "/tokens/alice/rotate", body: {} },
      stdout: `${JSON.stringify(ALICE)}\n`,
    },
    {
      args: ["rotate", "--all"],
      answer: { body: ROTATED },
      sent: { method: "POST", target: "/tokens/_rotate_all", body: {} },
      stdout: `Rotated 2 token(s):

  bob: evt_609691e8d260d5483465b607d5eb6a03
  alice: evt_f599a754a92ae4aa7b424d59907d3780

  WARNING: These tokens will NOT be shown again. Share them securely.
`,
    },
    {
      args: ["rotate", "--all"],
      answer: { body: { rotated: 0, tokens: [] } },
      sent: { method: "POST", target: "/tokens/_rotate_all", body: {} },
      stdout: "No tokens to rotate.\n",
    },
    {
      args: ["rotate", "--all", "--json"],
      answer: { body: ROTATED },
      sent: { method: "POST", target: "/tokens/_rotate_all", body: {} },
      stdout: `${JSON.stringify(ROTATED)}\n`,
    },
    {
      args: ["revoke", "--user", "bob"],
      answer: { body: { message: "Revoked token for 'bob'" } },
      sent: { method: "DELETE", target: "/tokens/bob" },
      stdout: "Revoked token for 'bob'\n",
    },
    {
      args: ["list"],
      answer: { body: { tokens: LISTED } },
      sent: { method: "GET", target: "/tokens" },
      stdout: "USER             ROLE        TOP_K       RATE  EXPIRES     \n" +
        "alice            member         10     30/60s  2027-02-20  \n" +
        "bob              admin          50    150/60s  never       \n",
    },
    {
      args: ["list"],
      answer: {
        body: {
          tokens: [
            { user: "a-user-of-20-letters", role: "a-long-role", top_k: "?", rate_limit: "?", expires: "never" },
            { user: "𝓪𝓵", role: "r", top_k: 1, rate_limit: "1/1s", expires: "never" },
          ],
        },
      },
      sent: { method: "GET", target: "/tokens" },
      stdout: "USER             ROLE        TOP_K       RATE  EXPIRES     \n" +
        "a-user-of-20-letters a-long-role      ?          ?  never       \n" +
        "𝓪𝓵               r               1       1/1s  never       \n",
    },
    {
      args: ["list"],
      answer: { body: { tokens: [] } },
      sent: { method: "GET", target: "/tokens" },
      stdout: "No tokens issued.\n",
    },
    {
      args: ["list", "--json"],
      answer: { body: { tokens: LISTED } },
      sent: { method: "GET", target: "/tokens" },
      stdout: `${JSON.stringify({ tokens: LISTED })}\n`,
    },
  ] as { args: string[]; answer: Answer; sent: Received; stdout: string }[]
) {
  Deno.test(`runevault token ${args.join(" ")} (${JSON.stringify(answer.body).length} bytes)`, async () => {
    using dir = new TempDir();
    const socket = dir.join("admin.sock");
    await using server = new FakeAdminServer(socket, answer);
    const result = await runCli(["token", ...args, "--admin-socket", socket], socketPermissions(socket));
    assert.deepEqual(result, { code: 0, stdout, stderr: "" });
    assert.deepEqual(server.received, [sent]);
  });
}
