import assert from "node:assert/strict";
import { TempDir } from "#config/testing.ts";
import { FakeAdminServer } from "../../../tests/cli/fake_admin_server.ts";
import { AdminClient } from "./admin_client.ts";

Deno.test("AdminClient.health() reads the daemon's health", async () => {
  using dir = new TempDir();
  const socket = dir.join("admin.sock");
  await using server = new FakeAdminServer(socket, { body: { status: "ok" } });
  assert.deepEqual(await new AdminClient(socket).health(), { status: "ok" });
  assert.deepEqual(server.received, [{ method: "GET", target: "/health" }]);
});

for (
  const { user, target } of [
    { user: "alice", target: "/tokens/alice" },
    { user: "a/../b", target: "/tokens/a%2F..%2Fb" },
    { user: "a b?c#d%", target: "/tokens/a%20b%3Fc%23d%25" },
    { user: "_rotate_all", target: "/tokens/_rotate_all" },
    { user: "😀", target: "/tokens/%F0%9F%98%80" },
    { user: "a\r\nX: y", target: "/tokens/a%0D%0AX%3A%20y" },
  ]
) {
  Deno.test(`AdminClient addresses user ${JSON.stringify(user)} as ${target}`, async () => {
    using dir = new TempDir();
    const socket = dir.join("admin.sock");
    await using server = new FakeAdminServer(socket, { body: { message: "" } });
    await new AdminClient(socket).revokeToken(user);
    assert.equal(server.received[0].target, target);
  });
}

Deno.test("AdminClient gives up when no answer comes in time", async () => {
  using dir = new TempDir();
  const socket = dir.join("admin.sock");
  const { promise: answered, resolve: answer } = Promise.withResolvers<{ body: unknown }>();
  await using _server = new FakeAdminServer(socket, () => answered);
  await assert.rejects(new AdminClient(socket, 20).listRoles(), {
    name: "AdminClientError",
    message: `admin: no answer within 0.02 s (socket: ${socket})`,
  });
  answer({ body: {} });
});

for (
  const { name, status, body, message } of [
    {
      name: "the error text",
      status: 400,
      body: { error: "Missing required fields" },
      message: "Missing required fields",
    },
    { name: "an error that is no text", status: 400, body: { error: 7 }, message: "Unknown error" },
    { name: "a list instead of an object", status: 400, body: "[]", message: "Unknown error" },
    { name: "null", status: 200, body: "null", message: "admin: unexpected answer (socket: SOCKET)" },
    {
      name: "roles that are no list",
      status: 200,
      body: { roles: 1 },
      message: "admin: unexpected answer (socket: SOCKET)",
    },
  ]
) {
  Deno.test(`AdminClient turns ${name} of a ${status} into an error`, async () => {
    using dir = new TempDir();
    const socket = dir.join("admin.sock");
    await using _server = new FakeAdminServer(socket, { status, body });
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
      [`${silent}/x`, `admin: connect ENOTDIR ${silent}/x (socket: ${silent}/x)`],
    ]
  ) {
    await assert.rejects(new AdminClient(socket).health(), { name: "AdminClientError", message });
  }
});
