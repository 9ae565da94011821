import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { TempDir } from "#config/testing.ts";
import { OtherServer } from "../support/other_server.ts";
import { TestVault } from "../support/test_vault.ts";
import { launchCli, launchCliIn, runCli } from "./run_cli.ts";

const UNEXPECTED = "admin: unexpected answer (socket: SOCKET)";

for (
  const { name, status, body, want } of [
    { name: "an error without a text", status: 500, body: "{}", want: "Unknown error" },
    { name: "an error that is no JSON", status: 502, body: "<html>", want: "Unknown error" },
    { name: "an answer that is no JSON", status: 200, body: "hello", want: UNEXPECTED },
    { name: "an answer of another shape", status: 200, body: "{}", want: UNEXPECTED },
  ]
) {
  Deno.test(`a command that meets another server reports ${name} on stderr, exit 1`, async () => {
    using dir = new TempDir();
    const socket = dir.join("admin.sock");
    await using _server = new OtherServer(socket, status, body);
    const result = await launchCli("token", "list", "--admin-socket", socket);
    assert.deepEqual(result, { code: 1, stdout: "", stderr: `Error: ${want.replace("SOCKET", socket)}\n` });
  });
}

Deno.test("runevault role list says so when a server has no roles, as ours always does", async () => {
  using dir = new TempDir();
  await using _server = new OtherServer(dir.join("s"), 200, '{"roles":[]}');
  const result = await launchCli("role", "list", "--admin-socket", dir.join("s"));
  assert.deepEqual(result, { code: 0, stdout: "No roles defined.\n", stderr: "" });
});

for (
  const { name, socket, want } of [
    { name: "a missing socket", socket: "", want: "admin socket SOCKET not found — is the daemon running?" },
    { name: "a file", socket: "file", want: "Cannot connect to admin server. Is Vault running?" },
    { name: "a path below a file", socket: "file/x", want: "admin: Not a directory (os error 20) (socket: SOCKET)" },
  ]
) {
  Deno.test(`a command on ${name} instead of a daemon's socket exits 1`, async () => {
    using dir = new TempDir();
    dir.write("file", "");
    const path = dir.join(socket || "absent.sock");
    const stderr = `Error: ${want.replaceAll("SOCKET", path)}\n`;
    assert.deepEqual(await launchCli("role", "list", "--admin-socket", path), { code: 1, stdout: "", stderr });
  });
}

Deno.test("a command on the socket of a daemon that was killed cannot connect", async () => {
  await using vault = await TestVault.start();
  await vault.stop("SIGKILL");
  const stderr = "Error: Cannot connect to admin server. Is Vault running?\n";
  assert.deepEqual(await vault.cli("token", "list"), { code: 1, stdout: "", stderr });
});

Deno.test("a command takes the config's socket, --admin-socket instead of the config, and never a secret file", async (t) => {
  await using vault = await TestVault.create({
    sections: {
      tokens: "tokens: {team_secret_file: secret, roles_file: configs/roles.yml, tokens_file: configs/tokens.yml}",
    },
  });
  const secret = `${vault.dir}/secret`, none = { code: 0, stdout: "No tokens issued.\n", stderr: "" };
  await Deno.writeTextFile(secret, "s3cret", { mode: 0o600 });
  await vault.start();
  await Deno.remove(secret);
  await t.step("the config's socket, while the secret file is gone", async () => {
    assert.deepEqual(await vault.cli("token", "list"), none);
  });
  await t.step("--admin-socket without a config", async () => {
    assert.deepEqual(await launchCli("token", "list", "--admin-socket", vault.socket), none);
  });
  await t.step("--admin-socket relative to the current directory", async () => {
    assert.deepEqual(await launchCliIn(vault.dir, "token", "list", "--admin-socket", "admin.sock"), none);
  });
});

Deno.test({
  name: "a command without --config finds ./runevault.conf",
  ignore: existsSync("/opt/rune-vault"), // looked for there first
  async fn() {
    await using vault = await TestVault.start();
    const { code, stdout } = await launchCliIn(`${vault.dir}/configs`, "status");
    assert.deepEqual([code, stdout.split("\n")[0]], [0, `Config:       ${vault.config}`]);
    const missing = await launchCliIn(vault.dir, "status");
    const searched = "/opt/rune-vault/configs/runevault.conf, ./runevault.conf";
    assert.deepEqual(missing, {
      code: 1,
      stdout: "",
      stderr: `Error: config file not found (searched: ${searched})\n`,
    });
  },
});

for (
  const { name, args, want } of [
    { name: "an empty --config", args: ["--config", ""], want: "read config DIR: Is a directory (os error 21)" },
    { name: "a directory for a config", args: ["--config=."], want: "read config DIR: Is a directory (os error 21)" },
    {
      name: "a comma in the socket's path",
      args: ["--admin-socket", "a,b"],
      want: 'admin: no permission to connect to "unix:DIR/a,b" (socket: a,b)',
    },
  ]
) {
  Deno.test(`a command fails on ${name} with a plain text`, async () => {
    using dir = new TempDir();
    const stderr = `Error: ${want.replace("DIR", dir.path)}\n`;
    assert.deepEqual(await launchCliIn(dir.path, "token", "list", ...args), { code: 1, stdout: "", stderr });
  });
}

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
    const result = await launchCli("token", "list", "--config", path);
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
