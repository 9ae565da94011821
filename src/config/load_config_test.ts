import assert from "node:assert/strict";
import { loadConfig } from "./load_config.ts";
import { MINIMAL, TempDir } from "./testing.ts";
import { validateForStart } from "./validate.ts";

const text = (reason: unknown) => (reason as Error).message;

Deno.test("loadConfig() reads a minimal file, fills in defaults and resolves paths against the install directory", async () => {
  using dir = new TempDir();
  const path = dir.write("configs/runevault.conf", MINIMAL);
  const { config } = await loadConfig({ path });
  assert.deepEqual(config, {
    source: path,
    installDir: dir.path,
    daemon: { pidFile: dir.join(".runevault.pid") },
    server: {
      grpc: { host: "0.0.0.0", port: 50051, tls: { cert: "", key: "", disable: true } },
      http: { enable: true, userLabel: false, metricsAllow: ["127.0.0.0/8", "::1/128"] },
      admin: { socket: dir.join("admin.sock") },
    },
    keys: {
      path: dir.join("vault-keys"),
      indexName: "",
      embeddingDim: 1024,
      library: dir.join("lib/libenvector.so"),
    },
    envector: { endpoint: "", apiKey: "" },
    tokens: {
      teamSecret: "inline-secret",
      rolesFile: dir.join("configs/roles.yml"),
      tokensFile: dir.join("configs/tokens.yml"),
    },
    audit: {
      file: false,
      stdout: false,
      path: "/var/log/rune-vault/audit.log",
      failClosed: true,
      retention: 30,
    },
    log: { level: "info", format: "text" },
    tracing: { endpoint: "" },
    secretFiles: [],
    warnings: [],
  });
  validateForStart(config);
});

Deno.test("loadConfig() takes the config's own directory for the install directory outside configs/", async () => {
  using dir = new TempDir();
  const { config } = await loadConfig({ path: dir.write("vault/my.conf", MINIMAL) });
  assert.equal(config.installDir, dir.join("vault"));
  assert.equal(config.tokens.rolesFile, dir.join("vault/configs/roles.yml"));
});

Deno.test("loadConfig() reports a relative --config as an absolute path", async () => {
  const { config } = await loadConfig({ path: "runevault.conf.example" });
  assert.equal(config.source, `${Deno.cwd()}/runevault.conf.example`);
});

Deno.test("the shipped runevault.conf.example starts", async () => {
  const { config, raw } = await loadConfig({ path: "runevault.conf.example" });
  assert.equal(config.server.grpc.port, 50051);
  assert.equal(raw["server.grpc.tls.disable"], false);
  validateForStart(config);
});

Deno.test("loadConfig() takes the first default path that exists", async () => {
  using dir = new TempDir();
  const second = dir.write("second.conf", MINIMAL);
  const { config } = await loadConfig({ searchPaths: [dir.join("first.conf"), second] });
  assert.equal(config.source, second);
});

for (
  const { name, files, path, searchPaths, want } of [
    {
      name: "an explicit path that is missing",
      path: "absent.conf",
      want: "config file not found at --config DIR/absent.conf: No such file or directory (os error 2)",
    },
    {
      name: "two default paths that are missing",
      searchPaths: ["DIR/a.conf", "DIR/b.conf"],
      want: "config file not found (searched: DIR/a.conf, DIR/b.conf)",
    },
    { name: "a directory", path: ".", want: "read config DIR: Is a directory (os error 21)" },
    {
      name: "more than 1 MiB",
      files: { "big.conf": "#".repeat(1024 * 1024 + 1) },
      path: "big.conf",
      want: "read config DIR/big.conf: larger than 1048576 bytes",
    },
    {
      name: "an unknown key",
      files: { "x.conf": "keys:\n  path: a\n  pathh: b\n" },
      path: "x.conf",
      want: 'parse config DIR/x.conf: line 3: unknown key "keys.pathh" (searched: DIR/x.conf)',
    },
    {
      name: "a default file with an unknown key",
      files: { "b.conf": "nonsense: 1\n" },
      searchPaths: ["DIR/a.conf", "DIR/b.conf"],
      want: 'parse config DIR/b.conf: line 1: unknown key "nonsense" (searched: DIR/a.conf, DIR/b.conf)',
    },
    {
      name: "a missing secret file",
      files: { "x.conf": "tokens: {team_secret_file: absent}\n" },
      path: "x.conf",
      want:
        "resolve config DIR/x.conf: read tokens.team_secret_file DIR/absent: No such file or directory (os error 2)",
    },
  ] as { name: string; files?: Record<string, string>; path?: string; searchPaths?: string[]; want: string }[]
) {
  Deno.test(`loadConfig() refuses ${name}`, async () => {
    using dir = new TempDir();
    for (const [file, content] of Object.entries(files ?? {})) dir.write(file, content);
    const inDir = (value: string) => value.replaceAll("DIR", dir.path);
    const options = { path: path === undefined ? undefined : dir.join(path), searchPaths: searchPaths?.map(inDir) };
    await assert.rejects(loadConfig(options), (reason) => {
      assert.equal(text(reason).replace(`${dir.path}/.:`, `${dir.path}:`), inDir(want));
      return true;
    });
  });
}
