import { basename, dirname, resolve } from "node:path";
import { parseAuditMode } from "./audit_mode.ts";
import type { Config } from "./config.ts";
import { indexNameProblem } from "./index_name.ts";
import { resolveSecrets } from "./resolve_secrets.ts";
import { secretFilesOf, type Secrets } from "./secrets.ts";
import type { RawConfig } from "./settings.ts";

/** What relative paths in a config file are relative to (decisions.md, A2). @param source Absolute path of the file. */
export function installDirOf(source: string): string {
  const directory = dirname(source);
  return basename(directory) === "configs" ? dirname(directory) : directory;
}

/**
 * Fills in the defaults of contract runevault.md 5.2 and makes paths absolute. An absent key takes its default; one that
 * is there but empty or 0 stays so, for validateForStart() to refuse.
 */
export function resolveConfig(raw: RawConfig, source: string, secrets: Secrets): Config {
  const installDir = installDirOf(source);
  const path = (value: string) => value === "" ? "" : resolve(installDir, value);
  const inInstallDir = (value: string | undefined, fallback = "") => path(value ?? fallback);
  return {
    source,
    installDir,
    daemon: { pidFile: inInstallDir(raw["daemon.pid_file"], ".runevault.pid") },
    server: {
      grpc: resolveGrpc(raw, inInstallDir),
      http: resolveHttp(raw),
      admin: { socket: inInstallDir(raw["server.admin.socket"], "admin.sock") },
    },
    keys: {
      path: inInstallDir(raw["keys.path"]),
      indexName: raw["keys.index_name"] ?? "",
      embeddingDim: raw["keys.embedding_dim"] ?? 0,
      library: inInstallDir(raw["keys.library"], "lib/libenvector.so"),
    },
    envector: {
      endpoint: raw["envector.endpoint"] ?? "",
      apiKey: secrets.apiKey,
      hasApiKey: secrets.hasApiKey ?? secrets.apiKey !== "",
    },
    tokens: {
      teamSecret: secrets.teamSecret,
      rolesFile: inInstallDir(raw["tokens.roles_file"]),
      tokensFile: inInstallDir(raw["tokens.tokens_file"]),
    },
    audit: resolveAudit(raw, inInstallDir),
    log: { level: raw["log.level"] ?? "info", format: raw["log.format"] ?? "text" },
    tracing: { endpoint: raw["tracing.endpoint"] ?? "" },
    ...resolveSecrets(raw, inInstallDir, secrets),
    secretFiles: secretFilesOf(raw, installDir).map((file) => file.path),
    warnings: [...secrets.warnings, ...indexNameWarnings(raw["keys.index_name"] ?? ""), ...secretsWarnings(raw)],
  };
}

/** No error: the original took any name and left it to the cloud to refuse one. */
function indexNameWarnings(name: string): string[] {
  const problem = name === "" ? undefined : indexNameProblem(name);
  return problem === undefined ? [] : [`config: keys.${problem}`];
}

/** What keeps callers from the secrets, which may be meant so. */
function secretsWarnings(raw: RawConfig): string[] {
  if (!raw.secrets) return [];
  const warnings: string[] = [];
  if (!raw["secrets.allowed_ips"]?.length) {
    warnings.push("config: secrets.allowed_ips is empty: every read of a secret is refused");
  }
  if (raw["server.http.enable"] === false) {
    warnings.push(
      "config: server.http.enable is false: no caller reaches the secrets, only this machine's runevault commands",
    );
  }
  return warnings;
}

type InInstallDir = (value: string | undefined, fallback?: string) => string;

function resolveGrpc(raw: RawConfig, inInstallDir: InInstallDir): Config["server"]["grpc"] {
  return {
    host: raw["server.grpc.host"] ?? "0.0.0.0",
    port: raw["server.grpc.port"] ?? 50051,
    tls: {
      cert: inInstallDir(raw["server.grpc.tls.cert"]),
      key: inInstallDir(raw["server.grpc.tls.key"]),
      disable: raw["server.grpc.tls.disable"] ?? false,
    },
  };
}

function resolveHttp(raw: RawConfig): Config["server"]["http"] {
  return {
    enable: raw["server.http.enable"] ?? true,
    userLabel: raw["server.http.user_label"] ?? false,
    metricsAllow: raw["server.http.metrics_allow"] ?? ["127.0.0.0/8", "::1/128"],
  };
}

function resolveAudit(raw: RawConfig, inInstallDir: InInstallDir): Config["audit"] {
  const { file, stdout, path } = parseAuditMode(raw["audit.mode"] ?? "");
  return {
    file,
    stdout,
    path: inInstallDir(path ?? raw["audit.path"], "/var/log/rune-vault/audit.log"),
    failClosed: raw["audit.fail_closed"] ?? true,
    retention: raw["audit.retention"] ?? 30,
  };
}
