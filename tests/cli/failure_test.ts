import assert from "node:assert/strict";
import { TempDir } from "#config/testing.ts";
import { FakeAdminServer } from "./fake_admin_server.ts";
import { runCli, socketPermissions } from "./run_cli.ts";

const ENV = "--ignore-env=LOG_TOKENS,LOG_STREAM"; // read by the YAML library

for (
  const { name, status, body, want } of [
    {
      name: "its error text",
      status: 400,
      body: { error: "Role 'x' does not exist" },
      want: "Role 'x' does not exist",
    },
    { name: "an error without a text", status: 500, body: {}, want: "Unknown error" },
    { name: "an error that is not JSON", status: 502, body: "<html>", want: "Unknown error" },
    {
      name: "an answer that is not JSON",
      status: 200,
      body: "hello",
      want: "admin: unexpected answer (socket: SOCKET)",
    },
    { name: "an answer of another shape", status: 200, body: {}, want: "admin: unexpected answer (socket: SOCKET)" },
  ]
) {
  Deno.test(`a command reports ${name} on stderr, exit 1`, async () => {
    using dir = new TempDir();
    const socket = dir.join("admin.sock");
    await using _server = new FakeAdminServer(socket, { status, body });
    const result = await runCli(["token", "list", "--admin-socket", socket], socketPermissions(socket));
    assert.deepEqual(result, { code: 1, stdout: "", stderr: `Error: ${want.replace("SOCKET", socket)}\n` });
  });
}

Deno.test("a command on a missing socket asks whether the daemon is running", async () => {
  using dir = new TempDir();
  const socket = dir.join("admin.sock");
  const result = await runCli(["role", "list", "--admin-socket", socket], socketPermissions(socket));
  const stderr = `Error: admin socket ${socket} not found — is the daemon running?\n`;
  assert.deepEqual(result, { code: 1, stdout: "", stderr });
});

Deno.test("a command on a socket that nobody listens on cannot connect", async () => {
  using dir = new TempDir();
  const socket = dir.write("admin.sock", "");
  const result = await runCli(["role", "list", "--admin-socket", socket], socketPermissions(socket));
  assert.deepEqual(result, {
    code: 1,
    stdout: "",
    stderr: "Error: Cannot connect to admin server. Is Vault running?\n",
  });
});

Deno.test("a command without --admin-socket uses the config's socket, and reads the config alone, not its secret files", async () => {
  using dir = new TempDir();
  const socket = dir.join("my.sock");
  const config = dir.write(
    "runevault.conf",
    "server: {admin: {socket: my.sock}}\ntokens: {team_secret_file: absent}\n",
  );
  await using _server = new FakeAdminServer(socket, { body: { tokens: [] } });
  const permissions = [
    `--allow-net=unix:${socket}`,
    `--allow-read=${config},${socket}`,
    `--allow-write=${socket}`,
    ENV,
  ];
  const result = await runCli(["token", "list", "--config", config], permissions);
  assert.deepEqual(result, { code: 0, stdout: "No tokens issued.\n", stderr: "" });
});

for (
  const { name, config, want } of [
    {
      name: "an empty socket in the config",
      config: 'server: {admin: {socket: ""}}',
      want: "admin socket not configured (set server.admin.socket or pass --admin-socket)",
    },
    {
      name: "an unknown key",
      config: "keyz: 1",
      want: 'parse config FILE: line 1: unknown key "keyz" (searched: FILE)',
    },
  ]
) {
  Deno.test(`a command fails on ${name}`, async () => {
    using dir = new TempDir();
    const path = dir.write("runevault.conf", config);
    const result = await runCli(["token", "list", "--config", path], [`--allow-read=${path}`, ENV]);
    assert.deepEqual(result, { code: 1, stdout: "", stderr: `Error: ${want.replaceAll("FILE", path)}\n` });
  });
}

for (
  const { args, stderr } of [
    {
      args: ["token", "issue", "--user", "a", "--role", "b", "--expires", "90x"],
      stderr: "Error: Invalid duration '90x'. Use <number><d|w|m> (e.g. 90d, 12w, 6m)\n",
    },
    { args: ["role", "update", "--name", "a"], stderr: "Error: No fields to update.\n" },
  ]
) {
  Deno.test(`runevault ${args.join(" ")} fails before it reads or connects: it needs no permission`, async () => {
    assert.deepEqual(await runCli(args), { code: 1, stdout: "", stderr });
  });
}
