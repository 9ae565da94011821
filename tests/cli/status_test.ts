import { ServerCredentials } from "@grpc/grpc-js";
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { TempDir } from "#config/testing.ts";
import { healthServer, selfSigned, SERVING } from "../../src/cli/testing.ts";
import { FakeAdminServer } from "./fake_admin_server.ts";
import { runCli } from "./run_cli.ts";

const LIBRARY = fileURLToPath(import.meta.resolve("../../ffi/build/libenvector.so"));

/** A port of this machine that nobody listens on. */
function closedPort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Writes a config and runs `status` with no permission that it does not need. */
function statusOf(dir: TempDir, { port, tls = false, args = [] }: { port: number; tls?: boolean; args?: string[] }) {
  const config = dir.write(
    "runevault.conf",
    `server: {grpc: {port: ${port}, tls: {disable: ${!tls}}}}\nkeys: {library: ${LIBRARY}}\n`,
  );
  const socket = args[1] ?? dir.join("admin.sock");
  return runCli(["status", "--config", config, ...args], [
    `--allow-net=unix:${socket},127.0.0.1:${port}`,
    `--allow-read=${config},${dir.join(".runevault.pid")},${socket}`,
    `--allow-write=${socket}`,
    `--allow-ffi=${LIBRARY}`,
    "--ignore-env=LOG_TOKENS,LOG_STREAM",
  ]);
}

for (const tls of [true, false]) {
  Deno.test(`runevault status shows a vault that is up ${tls ? "over TLS" : "in clear text"}, exit 0`, async () => {
    using dir = new TempDir();
    dir.write(".runevault.pid", `${Deno.pid}\n`);
    await using _admin = new FakeAdminServer(dir.join("admin.sock"), { body: { status: "ok" } });
    using grpc = await healthServer(tls ? await selfSigned() : ServerCredentials.createInsecure(), SERVING);
    const stdout = `Config:       ${dir.join("runevault.conf")}
PID file:     ${dir.join(".runevault.pid")}
  PID:        ${Deno.pid} (alive)
Admin socket: ${dir.join("admin.sock")} (ok)
gRPC:         0.0.0.0:${grpc.port} (ok)
`;
    assert.deepEqual(await statusOf(dir, { port: grpc.port, tls }), { code: 0, stdout, stderr: "" });
  });
}

Deno.test("runevault status shows what is down and why, exit 2", async () => {
  using dir = new TempDir();
  dir.write(".runevault.pid", "99999999\n");
  const port = closedPort();
  const socket = dir.join("admin.sock");
  const stdout = `Config:       ${dir.join("runevault.conf")}
PID file:     ${dir.join(".runevault.pid")}
  PID:        99999999 (dead — stale PID file)
Admin socket: ${socket} (down — admin socket ${socket} not found — is the daemon running?)
gRPC:         0.0.0.0:${port} (down — connect ECONNREFUSED 127.0.0.1:${port})
`;
  assert.deepEqual(await statusOf(dir, { port }), { code: 2, stdout, stderr: "" });
});

for (
  const { name, pid, admin, want, code } of [
    { name: "no PID file", admin: 200, want: /^ {2}PID: {8}not present$/m, code: 0 },
    { name: "a dead PID", pid: "-1\n", admin: 200, want: /^ {2}PID: {8}-1 \(dead — stale PID file\)$/m, code: 2 },
    { name: "an empty PID file", pid: "", admin: 200, want: /^ {2}PID: {8}\? \(unknown — pidfile: empty\)$/m, code: 2 },
    { name: "an unhealthy admin side", admin: 503, want: /^Admin socket: \S+ \(down — unhealthy\)$/m, code: 2 },
    { name: "another admin answer", admin: 404, want: /^Admin socket: \S+ \(down — HTTP status 404\)$/m, code: 2 },
  ]
) {
  Deno.test(`runevault status with ${name} exits ${code}`, async () => {
    using dir = new TempDir();
    if (pid !== undefined) dir.write(".runevault.pid", pid);
    await using _admin = new FakeAdminServer(dir.join("admin.sock"), { status: admin, body: {} });
    using grpc = await healthServer(ServerCredentials.createInsecure(), SERVING);
    const result = await statusOf(dir, { port: grpc.port });
    assert.match(result.stdout, want);
    assert.equal(result.code, code);
  });
}

Deno.test("runevault status --admin-socket probes that socket, and --json says the same", async () => {
  using dir = new TempDir();
  const socket = dir.join("other.sock");
  await using _admin = new FakeAdminServer(socket, { body: { status: "ok" } });
  using grpc = await healthServer(ServerCredentials.createInsecure(), SERVING);
  const { code, stdout } = await statusOf(dir, { port: grpc.port, args: ["--admin-socket", socket, "--json"] });
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(stdout), {
    up: true,
    config: dir.join("runevault.conf"),
    pid_file: { path: dir.join(".runevault.pid"), kind: "absent" },
    admin: { socket, ok: true },
    grpc: { address: `0.0.0.0:${grpc.port}`, ok: true },
  });
});

Deno.test("runevault status without a config exits 1", async () => {
  using dir = new TempDir();
  const config = dir.join("absent.conf");
  const result = await runCli(["status", "--config", config], [`--allow-read=${config}`]);
  const stderr = `Error: config file not found at --config ${config}: No such file or directory (os error 2)\n`;
  assert.deepEqual(result, { code: 1, stdout: "", stderr });
});
