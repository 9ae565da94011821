import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type Config, loadConfig } from "#config/mod.ts";
import { type Invocation, permissionsFor, servingPermissions, toFlags } from "./permissions.ts";

const EXAMPLE = fileURLToPath(new URL("../../runevault.conf.example", import.meta.url));

/** The example configuration, read where it would be installed but for the name of that place. */
async function installed(): Promise<Config> {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${dir}/configs`);
    await Deno.copyFile(EXAMPLE, `${dir}/configs/runevault.conf`);
    const { config } = await loadConfig({ path: `${dir}/configs/runevault.conf`, secrets: false });
    return JSON.parse(JSON.stringify(config).replaceAll(dir, "/opt/rune-vault"));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const SOCKET = "/opt/rune-vault/admin.sock", CONFIG = "/opt/rune-vault/configs/runevault.conf";
const PID = "/opt/rune-vault/.runevault.pid", LIBRARY = "/opt/rune-vault/lib/libenvector.so";
const IGNORE = "--ignore-env=LOG_STREAM,LOG_TOKENS";
const OWN = [PID, SOCKET, "/opt/rune-vault/logs"];
const STATE = ["/opt/rune-vault/configs/roles.yml", "/opt/rune-vault/configs/tokens.yml"];
const STAGED = ["/opt/rune-vault/configs/.roles.yml.new", "/opt/rune-vault/configs/.tokens.yml.new"];
const PUBLIC_KEYS = ["EncKey.json", "EvalKey.json"].map((name) => `/opt/rune-vault/vault-keys/vault-key/${name}`);
const RELOADED = ["/opt/rune-vault/certs/server.pem", "/opt/rune-vault/certs/server.key"];
const SERVING_READ = [...OWN, ...STAGED, ...PUBLIC_KEYS, ...RELOADED], SERVING_WRITE = [...OWN, ...STATE, ...STAGED];
const LISTEN = "0.0.0.0:50051,unix:/opt/rune-vault/.admin.sock.bind/admin.sock";

const DAEMON_FLAGS = [
  `--allow-net=${LISTEN}`,
  `--allow-read=${["/opt/rune-vault", ...SERVING_READ]}`,
  `--allow-write=${["/opt/rune-vault", ...SERVING_WRITE]}`,
  `--allow-ffi=${LIBRARY}`,
  "--allow-env=GRPC_*,NOTIFY_SOCKET,WATCHDOG_USEC",
  IGNORE,
];

for (
  const { command, want } of [
    {
      command: "daemon start",
      want: DAEMON_FLAGS,
    },
    { command: "daemon stop", want: [`--allow-read=${CONFIG},${PID}`, `--allow-ffi=${LIBRARY}`, IGNORE] },
    {
      command: "daemon restart",
      want: DAEMON_FLAGS,
    },
    {
      command: "status",
      want: [
        `--allow-net=unix:${SOCKET},127.0.0.1:50051`,
        `--allow-read=${CONFIG},${SOCKET},${PID}`,
        `--allow-write=${SOCKET}`,
        `--allow-ffi=${LIBRARY}`,
        IGNORE,
      ],
    },
  ] as const
) {
  Deno.test(`permissionsFor() of ${command} and the example configuration`, async () => {
    assert.deepEqual(toFlags(permissionsFor({ command, config: await installed() })), want);
  });
}

for (
  const { invocation, want } of [
    { invocation: { command: "version" }, want: [] },
    { invocation: { command: "help" }, want: [] },
    {
      invocation: { command: "admin", socket: "/run/a.sock" },
      want: ["--allow-net=unix:/run/a.sock", "--allow-read=/run/a.sock", "--allow-write=/run/a.sock"],
    },
    {
      invocation: { command: "admin", socket: "/run/a.sock", batch: { list: "/l/team.csv", outDir: "/l/out" } },
      want: [
        "--allow-net=unix:/run/a.sock",
        "--allow-read=/run/a.sock,/l/team.csv,/l/out",
        "--allow-write=/run/a.sock,/l/out",
        IGNORE,
      ],
    },
    {
      invocation: { command: "admin", socket: "/run/a.sock", files: { read: ["/p/key"], out: "/o/e.age" } },
      want: [
        "--allow-net=unix:/run/a.sock",
        "--allow-read=/run/a.sock,/p/key,/o",
        "--allow-write=/run/a.sock,/o/e.age,/o/e.age.partial",
      ],
    },
    {
      invocation: { command: "init", dir: "/srv/v", librarySource: "/src/lib.so" },
      want: [
        "--allow-read=/srv/v,/src/lib.so",
        "--allow-write=/srv/v",
        "--allow-ffi=/srv/v/lib/libenvector.so",
        IGNORE,
      ],
    },
    {
      invocation: { command: "backup verify", file: "/b/v.age", keyFile: "/k/key" },
      want: ["--allow-read=/b/v.age,/k/key", IGNORE],
    },
    {
      invocation: {
        command: "backup restore",
        file: "/b/v.age",
        keyFile: "/k/key",
        dir: "/srv/v",
        librarySource: "/src/lib.so",
      },
      want: [
        "--allow-read=/b/v.age,/k/key,/srv,/src/lib.so",
        "--allow-write=/srv/v,/srv/v.restoring,/srv/v.before",
        IGNORE,
      ],
    },
    {
      invocation: { command: "unconfigured", candidates: ["/etc/a,b.conf"] },
      want: ["--allow-read=/etc/a,,b.conf", IGNORE],
    },
  ] as { invocation: Invocation; want: string[] }[]
) {
  Deno.test(`permissionsFor() of ${JSON.stringify(invocation)}`, () => {
    assert.deepEqual(toFlags(permissionsFor(invocation)), want);
  });
}

Deno.test("permissionsFor() of backup create are the files that go in, the socket and the file that is written", async () => {
  const config = await installed(), certs = "/opt/rune-vault/certs";
  const { grpc } = config.server;
  const tls = { cert: "/etc/tls/v.pem", key: `${certs}/v.key`, disable: false };
  const moved = { ...config, secretFiles: ["/etc/s"], server: { ...config.server, grpc: { ...grpc, tls } } };
  const flags = toFlags(
    permissionsFor({ command: "backup create", config: moved, out: "/b/v.age", keyFile: "/k/pass" }),
  );
  const read = [CONFIG, "/opt/rune-vault/vault-keys/vault-key", ...STATE, "/etc/s", "/etc/tls/v.pem", certs];
  assert.deepEqual(flags, [
    `--allow-net=unix:${SOCKET}`,
    `--allow-read=${[...read, "/opt/rune-vault/configs/policies.yml", PID, SOCKET, "/b", "/k/pass"]}`,
    `--allow-write=${PID},${SOCKET},/b/v.age,/b/v.age.partial`,
    IGNORE,
  ]);
});

Deno.test("permissionsFor() follows the paths that lie outside the install directory", async () => {
  const config = await installed();
  const { grpc } = config.server;
  const moved = {
    ...config,
    secretFiles: ["/etc/s"],
    server: {
      ...config.server,
      grpc: { ...grpc, host: "::", tls: { cert: "/etc/tls/v.pem", key: "/etc/tls/v.key", disable: false } },
      admin: { socket: "/run/vault/admin.sock" },
    },
    audit: { ...config.audit, file: true, path: "/var/log/rune-vault/audit.log" },
  };
  const { net, read, write } = permissionsFor({ command: "daemon start", config: moved });
  assert.deepEqual(net, ["[::]:50051", "unix:/run/vault/.admin.sock.bind/admin.sock"]);
  const state = ["/opt/rune-vault", "/run/vault", "/var/log/rune-vault"];
  const kept = servingPermissions(moved);
  assert.deepEqual(read, [...new Set([...state, "/etc/s", "/etc/tls/v.pem", "/etc/tls/v.key", ...kept.read])]);
  assert.deepEqual(write, [...new Set([...state, ...kept.write])]);
});

Deno.test("servingPermissions() of the example configuration are a few files and the log folder", async () => {
  assert.deepEqual(toFlags(servingPermissions(await installed())), [
    `--allow-read=${SERVING_READ}`,
    `--allow-write=${SERVING_WRITE}`,
  ]);
});
