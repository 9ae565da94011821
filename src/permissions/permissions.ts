import { isAbsolute, join, relative } from "node:path";
import { SYSTEM_BUNDLES } from "#adapters/cloud/system_bundles.ts";
// Not by mod.ts: no command shall have the SDK among its modules for nothing.
import { type CredentialNeeds, credentialNeeds, SDK_ENVIRONMENT } from "#adapters/kms/aws/needs.ts";
import { partialPathOf, restorePathsOf, stagedPathOf } from "#adapters/storage/files/mod.ts";
import {
  addressText,
  cloudEndpointOf,
  type Config,
  isListenHost,
  kmsAddress,
  type KmsConfig,
  listenHost,
  placesOf,
  probeHost,
  type SecretsConfig,
  tracingEnvironment,
} from "#config/mod.ts";
import { bindPathOf } from "#edge/admin/mod.ts";

/** What one runevault process may do, in Deno's kinds (https://docs.deno.com/runtime/fundamentals/security/). */
export interface Permissions {
  /** `host:port` and `unix:/path`. */
  readonly net: readonly string[];
  /** Absolute paths; a directory stands for all that is in it. */
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly ffi: readonly string[];
  /** Programs that may be started. */
  readonly run: readonly string[];
  /** Environment variables that may be read. */
  readonly env: readonly string[];
  /** Environment variables that read as not set, without a permission. */
  readonly ignoredEnv: readonly string[];
}

const NOTHING: Permissions = { net: [], read: [], write: [], ffi: [], run: [], env: [], ignoredEnv: [] };
/** grpc-js reads its log level and the like. */
const GRPC_ENVIRONMENT = ["GRPC_*"];
/** How systemd wants to be told that the daemon is ready and alive. */
const SYSTEMD_ENVIRONMENT = ["NOTIFY_SOCKET", "WATCHDOG_USEC"];
/** The yaml package asks for these with every document. */
const YAML_ENVIRONMENT = ["LOG_STREAM", "LOG_TOKENS"];

/** Of every process that reads a YAML file. */
const CONFIGURED: Permissions = { ...NOTHING, ignoredEnv: YAML_ENVIRONMENT };

/** A command with what it is about: paths are absolute. */
export type Invocation =
  | { readonly command: "version" | "help" }
  /** The configuration could not be read: the process only tells why. */
  | { readonly command: "unconfigured"; readonly candidates: readonly string[] }
  | { readonly command: "init"; readonly dir: string; readonly librarySource: string }
  | {
    readonly command: "daemon start" | "daemon stop" | "daemon restart" | "status";
    readonly config: Config;
  }
  | {
    readonly command: "backup create";
    readonly config: Config;
    /** What is written, and the passphrase's file. */
    readonly out: string;
    readonly keyFile?: string;
  }
  | { readonly command: "backup verify"; readonly file: string; readonly keyFile?: string }
  | {
    readonly command: "backup restore";
    readonly file: string;
    readonly keyFile?: string;
    readonly dir: string;
    readonly librarySource: string;
  }
  | { readonly command: "service log" }
  | { readonly command: "audit log" | "permissions"; readonly config: Config }
  | {
    readonly command: "admin";
    readonly socket: string;
    readonly config?: Config;
    readonly batch?: Batch;
    readonly files?: CommandFiles;
  };

/** Files that a command's flags name; absolute. */
export interface CommandFiles {
  readonly read: readonly string[];
  /** A sealed file to write. */
  readonly out?: string;
}

/** Tokens issued from a list, each into a file of its own. */
export interface Batch {
  readonly list: string;
  readonly outDir: string;
}

/** What the command needs and no more; the only place that says so (decisions.md section 2). */
export function permissionsFor(invocation: Invocation): Permissions {
  switch (invocation.command) {
    case "version":
    case "help":
      return NOTHING;
    case "unconfigured":
      return { ...CONFIGURED, read: invocation.candidates };
    case "init": {
      const { dir, librarySource } = invocation;
      return { ...CONFIGURED, read: outermost([dir, librarySource]), write: [dir], ffi: [libraryOf(dir)] };
    }
    case "backup create":
    case "backup verify":
    case "backup restore":
      return backupPermissions(invocation);
    case "service log":
      return { ...NOTHING, run: ["journalctl"] };
    case "permissions":
      return { ...CONFIGURED, read: [invocation.config.source] };
    case "audit log":
      return auditLogPermissions(invocation.config);
    case "admin":
      return [batchPermissions(invocation.batch), filePermissions(invocation.files)]
        .reduce(union, adminPermissions(invocation.socket, invocation.config));
    case "status":
      return statusPermissions(invocation.config);
    case "daemon stop":
      return signalPermissions(invocation.config);
    case "daemon start":
    case "daemon restart": // what stopping needs is among what starting needs
      return daemonPermissions(invocation.config);
  }
}

/** Where `init` puts the library, and where a configuration without `keys.library` looks for it. */
export function libraryOf(installDir: string): string {
  return `${installDir}/lib/libenvector.so`;
}

/** As command-line flags of Deno; an absent kind is denied. */
export function toFlags(permissions: Permissions): string[] {
  return Object.entries(permissions)
    // An empty value would be no flag at all or, for Deno, the whole kind.
    .map(([kind, values]) => [kind, values.filter((value: string) => value !== "")] as const)
    .filter(([, values]) => values.length > 0)
    .map(([kind, values]) =>
      `--${kind === "ignoredEnv" ? "ignore-env" : `allow-${kind}`}=${
        values.map((value: string) => value.replaceAll(",", ",,")).join(",")
      }`
    );
}

function adminPermissions(socket: string, config: Config | undefined): Permissions {
  const read = config ? [config.source, socket] : [socket];
  return { ...(config ? CONFIGURED : NOTHING), net: unixSocket(socket), read, write: [socket] };
}

function batchPermissions(batch: Batch | undefined): Permissions {
  if (!batch) return NOTHING;
  return { ...CONFIGURED, read: [batch.list, batch.outDir], write: [batch.outDir] };
}

function filePermissions(files: CommandFiles | undefined): Permissions {
  if (!files) return NOTHING;
  const { read, out } = files;
  if (out === undefined) return { ...NOTHING, read };
  return { ...NOTHING, read: outermost([...read, folderOf(out)]), write: [out, partialPathOf(out)] };
}

/** What lies in a folder is read by its folder: keys, certificates, and the folder of a new file, which has to be synced. */
function backupPermissions(invocation: BackupInvocation): Permissions {
  const key = invocation.keyFile === undefined ? [] : [invocation.keyFile];
  if (invocation.command === "backup create") return createPermissions(invocation, key);
  const { file } = invocation;
  if (invocation.command === "backup verify") return { ...CONFIGURED, read: [file, ...key] };
  const { dir, librarySource } = invocation, { work, before } = restorePathsOf(dir);
  return {
    ...CONFIGURED,
    read: outermost([file, ...key, folderOf(dir), dir, work, before, librarySource]),
    write: [dir, work, before],
  };
}

/** Of the commands that `runevault backup` has. */
export type BackupInvocation = Extract<Invocation, { command: `backup ${string}` }>;

function createPermissions(
  { config, out }: BackupInvocation & { command: "backup create" },
  key: readonly string[],
): Permissions {
  const { daemon: { pidFile }, server: { admin: { socket } }, secrets } = config;
  const store = secrets ? [folderOf(secrets.database)] : []; // SQLite makes files beside the one that it opens
  const places = placesOf(config).map(({ path }) => path), partial = partialPathOf(out);
  return {
    ...CONFIGURED,
    net: unixSocket(socket),
    read: outermost([...places, ...store, pidFile, socket, folderOf(out), ...key]),
    write: [pidFile, socket, out, partial, ...store],
  };
}

/** The folder: rotated files lie beside the log. */
function auditLogPermissions({ source, audit }: Config): Permissions {
  return { ...CONFIGURED, read: outermost(audit.file ? [source, folderOf(audit.path)] : [source]) };
}

/** Signals go through the library's libc: Deno's own need the permission to run any program. */
function signalPermissions({ source, daemon, keys }: Config): Permissions {
  return { ...CONFIGURED, read: [source, daemon.pidFile], ffi: [keys.library] };
}

function statusPermissions(config: Config): Permissions {
  const { host, port } = config.server.grpc;
  const probe = { ...NOTHING, net: tcpAddress({ host: probeHost(host), port }) };
  return union(union(adminPermissions(config.server.admin.socket, config), signalPermissions(config)), probe);
}

/**
 * What the daemon keeps once it serves: the files that it writes and those that it reads for every call, each by name,
 * and the folder of the audit log, whose rotated files have the date in their names. It connects to the configured cloud
 * and to nothing else, starts no program, loads no library and reads neither its configuration nor the secret key again;
 * certificate and TLS key it does, on SIGHUP.
 */
export function servingPermissions(config: Config): Permissions {
  const { server, daemon, keys, tokens, audit, secrets } = config;
  const own = [daemon.pidFile, server.admin.socket, ...(audit.file ? [folderOf(audit.path)] : [])];
  const state = [tokens.rolesFile, tokens.tokensFile], staged = state.map(stagedPathOf); // moved over the state, unread
  const publicKeys = ["EncKey.json", "EvalKey.json"].map((file) => join(keys.path, "vault-key", file));
  const { cert, key, disable } = server.grpc.tls;
  const read = [...own, ...staged, ...publicKeys, ...(disable ? [] : [cert, key])];
  const base = { ...NOTHING, net: cloudAddress(config), read, write: [...own, ...state, ...staged] };
  return secrets ? union(base, secretsPermissions(secrets)) : base;
}

/** Where enVector Cloud is, when endpoint and API key are configured. */
export function cloudAddress(config: Config): string[] {
  const endpoint = cloudEndpointOf(config);
  return endpoint ? [addressText(endpoint)] : [];
}

/** Of the secrets engine for good: its store's folder, where SQLite keeps its log, the policies, and the key service. */
function secretsPermissions({ database, policiesFile, kms }: SecretsConfig): Permissions {
  const folder = folderOf(database), service = kmsAddress(kms), credentials = credentialsOf(kms);
  return {
    ...NOTHING,
    net: [...(service ? [addressText(service)] : []), ...credentials.net],
    read: [folder, policiesFile, ...credentials.read],
    write: [folder],
  };
}

/** Of credentials for AWS: those of a role or in a file are asked for anew while the daemon serves. */
function credentialsOf({ mode, credentials, credentialsFile }: KmsConfig): CredentialNeeds {
  return mode === "aws" ? credentialNeeds(credentials, credentialsFile) : { net: [], read: [], env: [] };
}

function daemonPermissions(config: Config): Permissions {
  const { installDir, source, server, daemon, keys, tokens, audit, secretFiles, secrets } = config;
  const socketFolder = folderOf(server.admin.socket);
  const state = [
    folderOf(daemon.pidFile),
    socketFolder,
    keys.path,
    folderOf(tokens.rolesFile),
    folderOf(tokens.tokensFile),
  ];
  if (audit.file) state.push(folderOf(audit.path));
  if (secrets) state.push(folderOf(secrets.database));
  const { cert, key, disable } = server.grpc.tls;
  // The narrow grants stand beside the wide ones, since the seal takes the wide ones away and nothing can be added then.
  const serving = servingPermissions(config);
  const authorities = cloudAddress(config).length > 0 ? SYSTEM_BUNDLES : [];
  const inputs = [source, ...secretFiles, ...(disable ? [] : [cert, key]), ...authorities];
  return {
    net: unique([
      ...tcpAddress(server.grpc),
      ...unixSocket(server.admin.socket && bindPathOf(server.admin.socket)),
      ...serving.net,
    ]),
    read: unique([...outermost([installDir, ...state, ...inputs]), ...serving.read]),
    write: unique([...outermost([installDir, ...state]), ...serving.write]),
    ffi: [keys.library],
    run: [],
    env: [
      ...GRPC_ENVIRONMENT,
      ...SYSTEMD_ENVIRONMENT,
      ...Object.keys(tracingEnvironment(config)),
      ...(secrets ? credentialsOf(secrets.kms).env : []),
    ],
    ignoredEnv: [...YAML_ENVIRONMENT, ...(secrets?.kms.mode === "aws" ? SDK_ENVIRONMENT : [])],
  };
}

/** No permission for what is no address: the command itself says so, in better words than Deno's. */
function tcpAddress({ host, port }: { host: string; port: number }): string[] {
  return isListenHost(host) && port > 0 && port < 65536 ? [addressText({ host: listenHost(host), port })] : [];
}

/** No permission for the empty path, which the command itself refuses, nor for a comma, which Deno takes for the end. */
function unixSocket(path: string): string[] {
  return path === "" || path.includes(",") ? [] : [`unix:${path}`];
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf("/")));
}

/** The paths without repetition and without those inside another. */
function outermost(paths: readonly string[]): string[] {
  return unique(paths).filter((path) => !paths.some((other) => isInside(path, other)));
}

function unique(paths: readonly string[]): string[] {
  return [...new Set(paths)];
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== "" && !isAbsolute(way) && way.split("/")[0] !== "..";
}

function union(a: Permissions, b: Permissions): Permissions {
  const both = (kind: keyof Permissions) => unique([...a[kind], ...b[kind]]);
  return {
    net: both("net"),
    read: both("read"),
    write: both("write"),
    ffi: both("ffi"),
    run: both("run"),
    env: both("env"),
    ignoredEnv: both("ignoredEnv"),
  };
}
