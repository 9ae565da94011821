import { dirname } from "node:path";
import { SYSTEM_BUNDLES } from "#adapters/cloud/system_bundles.ts";
import { credentialNeeds, SDK_ENVIRONMENT } from "#adapters/kms/aws/needs.ts";
import { partialPathOf } from "#adapters/storage/files/mod.ts";
import { addressText, kmsAddress } from "#config/mod.ts";
import { backupReason } from "./backup_reasons.ts";
import {
  type BackupInvocation,
  cloudAddress,
  type Invocation,
  type Permissions,
  permissionsFor,
  servingPermissions,
} from "./permissions.ts";

/** One value of one permission flag. */
export interface ExplainedPermission {
  /** Deno's kind, e.g. `read`, or `ignore-env`. */
  readonly kind: string;
  readonly value: string;
  readonly reason: string;
  /** Of the daemon: whether it keeps the permission once it serves. */
  readonly kept?: boolean;
}

/** Every permission that a command gets, with why it needs it. */
export function explainPermissions(invocation: Invocation): ExplainedPermission[] {
  const granted = permissionsFor(invocation);
  const serving = /^daemon (re)?start$/.test(invocation.command) && "config" in invocation && invocation.config
    ? servingPermissions(invocation.config)
    : undefined;
  return (Object.keys(granted) as (keyof Permissions)[]).flatMap((kind) =>
    granted[kind].map((value) => ({
      kind: kind === "ignoredEnv" ? "ignore-env" : kind,
      value,
      reason: reasonFor(kind, value, invocation),
      ...(serving ? { kept: kind === "ignoredEnv" || serving[kind].includes(value) } : {}),
    }))
  );
}

const METADATA = [...credentialNeeds("container").net, ...credentialNeeds("instance").net];

const KIND_REASONS: Partial<Record<keyof Permissions, string>> = {
  ignoredEnv: "the YAML library asks for it and is told that it is not set",
  run: "shows the service's log",
};

function reasonFor(kind: keyof Permissions, value: string, invocation: Invocation): string {
  if (kind === "env") return envReason(value);
  if (kind === "ignoredEnv" && SDK_ENVIRONMENT.includes(value)) {
    return "the library of AWS KMS asks for it and is told that it is not set";
  }
  const general = KIND_REASONS[kind];
  if (general) return general;
  if (kind === "ffi") {
    return invocation.command === "daemon stop" || invocation.command === "status"
      ? "signals a process through the library's libc, which needs no permission to run programs"
      : "the envector library, which holds the secret key";
  }
  if (kind === "net") return netReason(value, invocation);
  return pathReason(value, invocation);
}

function envReason(name: string): string {
  if (name.startsWith("AWS_")) return "credentials of the key-management service";
  if (name === "OTEL_EXPORTER_OTLP_ENDPOINT") {
    return "checks where Deno itself sends spans (tracing.endpoint), a connection that no permission covers";
  }
  if (name.startsWith("OTEL_")) return "checks that Deno exports the spans of calls and nothing else";
  return name.startsWith("GRPC") ? "settings of the gRPC library" : "tells systemd that the daemon is alive";
}

function netReason(value: string, invocation: Invocation): string {
  const isServer = invocation.command.startsWith("daemon");
  const kms = "config" in invocation && invocation.config?.secrets && kmsAddress(invocation.config.secrets.kms);
  if (kms && value === addressText(kms)) return "the key-management service";
  if (METADATA.includes(value)) return "gives the role's credentials for the key-management service";
  if (value.startsWith("unix:")) {
    return isServer ? "the admin socket, bound in a private folder and then moved into place" : "the admin socket";
  }
  if (!isServer) return "asks the gRPC health service";
  const isCloud = "config" in invocation && invocation.config && cloudAddress(invocation.config).includes(value);
  return isCloud ? "enVector Cloud, where the vault registers key and index" : "the gRPC listener";
}

function pathReason(path: string, invocation: Invocation): string {
  const backup = isBackup(invocation) ? backupReason(path, invocation) : undefined;
  if (backup) return backup;
  if (invocation.command === "admin" && path === invocation.batch?.list) return "the list of tokens to issue";
  if (invocation.command === "admin" && path === invocation.batch?.outDir) return "where each token gets its own file";
  if (invocation.command === "admin" && invocation.files) {
    const { read, out } = invocation.files;
    if (read.includes(path)) return "a file that the command names";
    if (out !== undefined && path === out) return "the export";
    if (out !== undefined && path === partialPathOf(out)) return "the export until it is whole and verified";
    if (out !== undefined && path === dirname(out)) return "synced, so that the new name in it survives a power cut";
  }
  const config = "config" in invocation ? invocation.config : undefined;
  if (!config) return PLAIN_REASONS[invocation.command] ?? "the admin socket";
  const { server: { admin, grpc }, daemon, keys, tokens, audit, secrets } = config;
  const named: Record<string, string> = {
    [config.installDir]: "configuration, certificates, keys and state",
    [config.source]: "the configuration",
    [daemon.pidFile]: "the PID file and its lock",
    [admin.socket]: "the admin socket",
    [tokens.rolesFile]: "the roles",
    [tokens.tokensFile]: "the tokens",
    [keys.path]: "the FHE keys",
    [keys.library]: "the envector library",
    [grpc.tls.cert]: "the server's certificate",
    [grpc.tls.key]: "the server's key",
    ...(secrets?.kms.credentialsFile && { [secrets.kms.credentialsFile]: "credentials of the key-management service" }),
    ...(secrets && { [secrets.policiesFile]: "the policies", [dirname(secrets.database)]: "the secrets' store" }),
    ...Object.fromEntries(config.secretFiles.map((file) => [file, "a secret that the configuration names"])),
  };
  if (named[path]) return named[path];
  if (SYSTEM_BUNDLES.includes(path)) return "certificate authorities of the system, for the connection to the cloud";
  if (path.endsWith(".new")) return "new state, before it replaces the old";
  if (path.endsWith("EncKey.json") || path.endsWith("EvalKey.json")) return "a public key, for GetPublicKey";
  if (audit.path.startsWith(`${path}/`)) return "the audit log and its rotated files";
  return "the folder of a file that the configuration names";
}

function isBackup(invocation: Invocation): invocation is BackupInvocation {
  return invocation.command.startsWith("backup ");
}

const PLAIN_REASONS: Partial<Record<Invocation["command"], string>> = {
  init: "the install directory, and the library that is copied into it",
  unconfigured: "the places where the configuration is looked for",
};
