import assert from "node:assert/strict";
import { TempDir } from "#config/testing.ts";
import { OtherServer } from "../../../tests/support/other_server.ts";
import { AdminClient } from "./admin_client.ts";
import { withAdmin } from "./testing.ts";

Deno.test("AdminClient reads the daemon's health", () =>
  withAdmin(async ({ socket }) => assert.deepEqual(await new AdminClient(socket).health(), { status: "ok" })));

for (const user of ["alice", "a/../b", "..", "a b?c#d%", "_rotate_all", "😀", "a\r\nX: y"]) {
  Deno.test(`AdminClient issues, lists, rotates and revokes for ${JSON.stringify(user)}`, () =>
    withAdmin(async ({ socket, service }) => {
      const client = new AdminClient(socket);
      const issued = await client.issueToken(user, "member", 90);
      assert.match(issued.token, /^evt_/);
      assert.deepEqual((await client.listTokens()).map((token) => token.user), [user]);
      const rotated = await client.rotateToken(user);
      assert.equal(service.find(issued.token), undefined);
      assert.equal(service.find(rotated.token)?.user, user);
      await client.revokeToken(user);
      assert.deepEqual(await client.listTokens(), []);
    }));
}

Deno.test("AdminClient creates, changes and deletes a role whose name needs encoding", () =>
  withAdmin(async ({ socket }) => {
    const client = new AdminClient(socket);
    await client.createRole({ name: "r/1 ü", scope: ["a"], top_k: 1, rate_limit: "1/1s" });
    assert.equal((await client.updateRole("r/1 ü", { top_k: 2 })).top_k, 2);
    await client.deleteRole("r/1 ü");
    assert.deepEqual((await client.listRoles()).map(({ name }) => name), ["admin", "member"]);
  }));

Deno.test("AdminClient passes on the daemon's refusal", () =>
  withAdmin(async ({ socket }) => {
    const client = new AdminClient(socket);
    await assert.rejects(client.issueToken("", ""), { message: "Missing required fields: user, role" });
    await assert.rejects(client.revokeToken("eve"), { message: "No token found for user 'eve'" });
  }));

Deno.test("AdminClient gives up when no answer comes in time", async () => {
  using dir = new TempDir();
  const socket = dir.join("admin.sock");
  const { promise: body, resolve: answer } = Promise.withResolvers<string>();
  await using _server = new OtherServer(socket, 200, body);
  await assert.rejects(new AdminClient(socket, 20).listRoles(), {
    name: "AdminClientError",
    message: `admin: no answer within 0.02 s (socket: ${socket})`,
  });
  answer("{}");
});

for (
  const { name, status, body, message } of [
    { name: "an error that is no text", status: 400, body: '{"error": 7}', message: "Unknown error" },
    { name: "a list instead of an object", status: 400, body: "[]", message: "Unknown error" },
    { name: "null", status: 200, body: "null", message: "admin: unexpected answer (socket: SOCKET)" },
    {
      name: "roles that are no list",
      status: 200,
      body: '{"roles": 1}',
      message: "admin: unexpected answer (socket: SOCKET)",
    },
  ]
) {
  Deno.test(`AdminClient turns ${name} of another server's ${status} into an error`, async () => {
    using dir = new TempDir();
    const socket = dir.join("admin.sock");
    await using _server = new OtherServer(socket, status, body);
    await assert.rejects(new AdminClient(socket).listRoles(), { message: message.replace("SOCKET", socket) });
  });
}

Deno.test("AdminClient says what is wrong with an empty, a missing, a silent and a forbidden socket", async () => {
  using dir = new TempDir();
  const silent = dir.write("silent.sock", "");
  const missing = dir.join("missing.sock");
  for (
    const [socket, message] of [
      ["", "admin socket not configured (set server.admin.socket or pass --admin-socket)"],
      [missing, `admin socket ${missing} not found — is the daemon running?`],
      [silent, "Cannot connect to admin server. Is Vault running?"],
      [`${silent}/x`, `admin: Not a directory (os error 20) (socket: ${silent}/x)`],
    ]
  ) {
    await assert.rejects(new AdminClient(socket).health(), { name: "AdminClientError", message });
  }
});
