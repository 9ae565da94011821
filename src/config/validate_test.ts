import assert from "node:assert/strict";
import type { Config } from "./config.ts";
import { resolveConfig } from "./resolve_config.ts";
import { NO_SECRETS } from "./secrets.ts";
import type { RawConfig } from "./settings.ts";
import { validateForStart } from "./validate.ts";

const VALID: RawConfig = {
  "server.grpc.tls.cert": "c",
  "server.grpc.tls.key": "k",
  "keys.path": "keys",
  "keys.embedding_dim": 1024,
  "tokens.roles_file": "r",
  "tokens.tokens_file": "t",
};
const TLS = "server.grpc.tls.cert and server.grpc.tls.key are required (or set server.grpc.tls.disable=true)";

function configOf(raw: RawConfig): Config {
  return resolveConfig(raw, "/x/configs/runevault.conf", NO_SECRETS);
}

for (
  const { change, want } of [
    { change: { "server.admin.socket": "" }, want: "server.admin.socket is required" },
    { change: { "server.grpc.port": 0 }, want: "server.grpc.port is required" },
    { change: { "server.grpc.tls.cert": undefined }, want: TLS },
    { change: { "server.grpc.tls.key": "" }, want: TLS },
    { change: { "keys.path": undefined }, want: "keys.path is required" },
    { change: { "keys.embedding_dim": undefined }, want: "keys.embedding_dim is required" },
    { change: { "tokens.roles_file": undefined }, want: "tokens.roles_file is required" },
    { change: { "tokens.tokens_file": undefined }, want: "tokens.tokens_file is required" },
    { change: { "daemon.pid_file": "" }, want: "daemon.pid_file is required" },
    ...["a b", "http://x", "vault.internal", "10.0.0.256"].map((host) => ({
      change: { "server.grpc.host": host },
      want: `server.grpc.host must be an IP address or localhost (got "${host}")`,
    })),
    { change: { "server.grpc.port": 65536 }, want: "server.grpc.port must be within 1..65535 (got 65536)" },
    { change: { "server.grpc.port": -1 }, want: "server.grpc.port must be within 1..65535 (got -1)" },
    { change: { "keys.embedding_dim": 31 }, want: "keys.embedding_dim must be within 32..4096 (got 31)" },
    { change: { "keys.embedding_dim": 4097 }, want: "keys.embedding_dim must be within 32..4096 (got 4097)" },
    { change: { "keys.library": "" }, want: "keys.library must not be empty" },
    { change: { "audit.retention": 0 }, want: "audit.retention must be 1 or more (got 0)" },
    ...["127.0.0.1:4318", "ftp://h", "http://u:p@h", "http://h/?q", "http://h/#f", "http://h\nx", "http://h h"].map(
      (endpoint) => ({
        change: { "tracing.endpoint": endpoint },
        want: "tracing.endpoint must be http://HOST:PORT or https://HOST:PORT without user, query or line breaks",
      }),
    ),
    {
      change: { "audit.mode": "file", "audit.path": "" },
      want: "audit.path must not be empty when audit.mode names a file",
    },
  ] as { change: RawConfig; want: string }[]
) {
  Deno.test(`validateForStart() refuses ${Object.entries(change).join()}: ${want}`, () => {
    assert.throws(() => validateForStart(configOf({ ...VALID, ...change })), {
      message: `config invalid:\n  - ${want}`,
    });
  });
}

for (
  const change of [
    {},
    { "server.grpc.tls.cert": "", "server.grpc.tls.disable": true },
    { "tokens.team_secret": "" },
    ...["", "localhost", "10.0.0.7", "::", "[::1]"].map((host) => ({ "server.grpc.host": host })),
    { "keys.embedding_dim": 32 },
    { "keys.embedding_dim": 4096 },
  ] as RawConfig[]
) {
  Deno.test(`validateForStart() accepts ${JSON.stringify(change)}`, () =>
    validateForStart(configOf({ ...VALID, ...change })));
}

Deno.test("validateForStart() lists all problems in the contract's order", () => {
  const nothing = configOf({ "server.admin.socket": "", "server.grpc.port": 0, "daemon.pid_file": "" });
  assert.throws(() => validateForStart(nothing), {
    message: [
      "config invalid:",
      "server.admin.socket is required",
      "server.grpc.port is required",
      TLS,
      "keys.path is required",
      "keys.embedding_dim is required",
      "tokens.roles_file is required",
      "tokens.tokens_file is required",
      "daemon.pid_file is required",
    ].join("\n  - "),
  });
});
