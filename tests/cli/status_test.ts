import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:http2";
import { join } from "node:path";
import { TempDir } from "#config/testing.ts";
import { OtherServer } from "../support/other_server.ts";
import { freePort, TestVault } from "../support/test_vault.ts";
import { launchCli } from "./run_cli.ts";

for (const tls of [true, false]) {
  Deno.test(`runevault status shows a vault that is up ${tls ? "over TLS" : "in clear text"}, exit 0`, async () => {
    await using vault = await TestVault.start({ tls });
    const pidFile = join(vault.dir, ".runevault.pid");
    const stdout = `Config:       ${vault.config}
PID file:     ${pidFile}
  PID:        ${vault.pid} (alive)
Admin socket: ${vault.socket} (ok)
gRPC:         127.0.0.1:${vault.port} (ok)
Permissions:  none for net, ffi, run, env, sys, import
${vault.keptPermissions.read.map((path) => `  read:       ${path}\n`).join("")}${
      vault.keptPermissions.write.map((path) => `  write:      ${path}\n`).join("")
    }`;
    assert.deepEqual(await vault.cli("status"), { code: 0, stdout, stderr: "" });
    const json = await vault.cli("status", "--json");
    assert.deepEqual([json.code, JSON.parse(json.stdout)], [0, {
      up: true,
      config: vault.config,
      pid_file: { path: pidFile, kind: "alive", pid: vault.pid },
      admin: { socket: vault.socket, ok: true },
      grpc: { address: `127.0.0.1:${vault.port}`, ok: true },
      permissions: vault.keptPermissions,
      expiring_tokens: [],
    }]);
  });
}

Deno.test("runevault status warns on stderr of tokens that are about to expire, stdout stays as it is", async () => {
  await using vault = await TestVault.start();
  const before = await vault.cli("status");
  for (const [user, expires] of [["late", "15d"], ["alice", "14d"], ["bob", "1d"]]) {
    await vault.cli("token", "issue", "--user", user, "--role", "member", "--expires", expires);
  }
  const { code, stdout, stderr } = await vault.cli("status");
  assert.deepEqual([code, stdout], [0, before.stdout]);
  assert.match(
    stderr,
    /^Warning: the token of 'bob' expires tomorrow \([\d-]{10}\)\nWarning: .* 'alice' expires in 14 days \([\d-]{10}\)\n$/,
  );
  const { expiring_tokens } = JSON.parse((await vault.cli("status", "--json")).stdout);
  const days = expiring_tokens.map(({ user, days_left }: Record<string, unknown>) => [user, days_left]);
  assert.deepEqual(days, [["bob", 1], ["alice", 14]]);
});

Deno.test("runevault status shows what is down and why, exit 2", async () => {
  using dir = new TempDir();
  const pidFile = dir.write(".runevault.pid", "99999999\n"), port = freePort(), socket = dir.join("admin.sock");
  const config = dir.write("runevault.conf", `server: {grpc: {port: ${port}}}`);
  const stdout = `Config:       ${config}
PID file:     ${pidFile}
  PID:        99999999 (dead — stale PID file)
Admin socket: ${socket} (down — admin socket ${socket} not found — is the daemon running?)
gRPC:         0.0.0.0:${port} (down — connect ECONNREFUSED 127.0.0.1:${port})
`;
  assert.deepEqual(await launchCli("status", "--config", config), { code: 2, stdout, stderr: "" });
});

for (
  const { name, content, want, code } of [
    { name: "no PID file", want: "not present", code: 0 },
    { name: "a PID file of -1", content: "-1\n", want: "-1 (dead — stale PID file)", code: 2 },
    {
      name: "a PID file that no daemon holds, of a process that lives",
      content: `${Deno.pid}\n`,
      want: `${Deno.pid} (dead — stale PID file)`,
      code: 2,
    },
    { name: "an empty PID file", content: "", want: "? (unknown — pidfile: empty)", code: 2 },
  ]
) {
  Deno.test(`runevault status of a vault that is up, with ${name}, exits ${code}`, async () => {
    await using vault = await TestVault.start();
    const pidFile = join(vault.dir, ".runevault.pid");
    await Deno.remove(pidFile);
    if (content !== undefined) await Deno.writeTextFile(pidFile, content);
    const result = await vault.cli("status");
    assert.deepEqual([result.stdout.split("\n")[2], result.code], [`  PID:        ${want}`, code]);
  });
}

Deno.test("runevault status --admin-socket probes that socket and tells an answer that is not the daemon's", async () => {
  await using vault = await TestVault.start();
  const socket = join(vault.dir, "other.sock");
  await using _server = new OtherServer(socket, 404, "");
  const { code, stdout } = await vault.cli("status", "--admin-socket", socket);
  assert.deepEqual([code, stdout.split("\n")[3]], [2, `Admin socket: ${socket} (down — HTTP status 404)`]);
  const empty = await vault.cli("--admin-socket", "", "status");
  assert.deepEqual([empty.code, empty.stdout.split("\n")[3]], [2, "Admin socket:  (down — socket path empty)"]);
});

Deno.test("runevault status calls a vault unhealthy while it drains, which a half-sent call holds up for 5 s", async () => {
  await using vault = await TestVault.start({ tls: false });
  const session = connect(`http://127.0.0.1:${vault.port}`);
  session.on("error", () => {}); // the drain cuts it in the end
  const stream = session.request({
    ":method": "POST",
    ":path": "/rune.vault.v1.VaultService/GetPublicKey",
    "content-type": "application/grpc",
    te: "trailers",
  });
  stream.on("error", () => {});
  stream.write(new Uint8Array(3)); // a call that never gets whole
  await Promise.all([once(session, "remoteSettings"), new Promise((resolve) => session.ping((_error) => resolve(0)))]);
  const { pid } = vault, stopped = vault.cli("daemon", "stop");
  let admin = { ok: true, cause: "" };
  while (admin.ok) admin = JSON.parse((await vault.cli("status", "--json")).stdout).admin;
  assert.equal(admin.cause, "unhealthy");
  assert.deepEqual(await stopped, { code: 0, stdout: `Daemon (pid ${pid}) stopped.\n`, stderr: "" });
  session.destroy();
});

Deno.test("runevault status without a config exits 1", async () => {
  using dir = new TempDir();
  const config = dir.join("absent.conf");
  const stderr = `Error: config file not found at --config ${config}: No such file or directory (os error 2)\n`;
  assert.deepEqual(await launchCli("status", "--config", config), { code: 1, stdout: "", stderr });
});
