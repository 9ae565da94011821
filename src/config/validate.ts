import type { Config } from "./config.ts";
import { ConfigError } from "./config_error.ts";
import { isListenHost } from "./grpc_address.ts";
import { isCollector } from "./tracing_environment.ts";
import { secretsProblems } from "./validate_secrets.ts";

/**
 * What `daemon start` needs; every problem in one message, in the order of contract runevault.md 5.3, then ours.
 * An empty team secret is none of them.
 *
 * @throws {ConfigError} naming all problems.
 */
export function validateForStart(config: Config): void {
  const problems = [...missing(config), ...outOfRange(config), ...secretsProblems(config)];
  if (problems.length > 0) {
    throw new ConfigError(`config invalid:${problems.map((problem) => `\n  - ${problem}`).join("")}`);
  }
}

function missing({ daemon, server, keys, tokens }: Config): string[] {
  const { tls } = server.grpc;
  const problems: [boolean, string][] = [
    [server.admin.socket === "", "server.admin.socket is required"],
    [server.grpc.port === 0, "server.grpc.port is required"],
    [
      !tls.disable && (tls.cert === "" || tls.key === ""),
      "server.grpc.tls.cert and server.grpc.tls.key are required (or set server.grpc.tls.disable=true)",
    ],
    [keys.path === "", "keys.path is required"],
    [keys.embeddingDim === 0, "keys.embedding_dim is required"],
    [tokens.rolesFile === "", "tokens.roles_file is required"],
    [tokens.tokensFile === "", "tokens.tokens_file is required"],
    [daemon.pidFile === "", "daemon.pid_file is required"],
  ];
  return problems.filter(([found]) => found).map(([, text]) => text);
}

function outOfRange({ server, keys, audit, tracing }: Config): string[] {
  const problems: [boolean, string][] = [
    [
      !isListenHost(server.grpc.host),
      `server.grpc.host must be an IP address or localhost (got ${JSON.stringify(server.grpc.host)})`,
    ],
    [!isWithin(server.grpc.port, 0, 65535), `server.grpc.port must be within 1..65535 (got ${server.grpc.port})`],
    [
      keys.embeddingDim !== 0 && !isWithin(keys.embeddingDim, 32, 4096),
      `keys.embedding_dim must be within 32..4096 (got ${keys.embeddingDim})`,
    ],
    [keys.library === "", "keys.library must not be empty"],
    [audit.file && audit.path === "", "audit.path must not be empty when audit.mode names a file"],
    [audit.retention < 1, `audit.retention must be 1 or more (got ${audit.retention})`],
    [
      tracing.endpoint !== "" && !isCollector(tracing.endpoint),
      "tracing.endpoint must be http://HOST:PORT or https://HOST:PORT without user, query or line breaks",
    ],
  ];
  return problems.filter(([found]) => found).map(([, text]) => text);
}

function isWithin(value: number, low: number, high: number): boolean {
  return value >= low && value <= high;
}
