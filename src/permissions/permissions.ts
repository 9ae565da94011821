import { isAbsolute, relative } from "node:path";
import { addressText, type Config, probeHost } from "#config/mod.ts";
import { bindPathOf } from "#edge/admin/mod.ts";

/** What one runevault process may do, in Deno's kinds (https://docs.deno.com/runtime/fundamentals/security/). */
export interface Permissions {
  /** `host:port` and `unix:/path`. */
  readonly net: readonly string[];
  /** Absolute paths; a directory stands for all that is in it. */
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly ffi: readonly string[];
  /** Environment variables that may be read. */
  readonly env: readonly string[];
  /** Environment variables that read as not set, without a permission. */
  readonly ignoredEnv: readonly string[];
}

const NOTHING: Permissions = { net: [], read: [], write: [], ffi: [], env: [], ignoredEnv: [] };
/** grpc-js reads its log level and the like. */
const GRPC_ENVIRONMENT = ["GRPC_*"];
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
    /** `*_file` keys of the configuration. */
    readonly secretFiles: readonly string[];
  }
  | { readonly command: "admin"; readonly socket: string; readonly config?: Config };

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
    case "admin":
      return adminPermissions(invocation.socket, invocation.config);
    case "status":
      return statusPermissions(invocation.config);
    case "daemon stop":
      return signalPermissions(invocation.config);
    case "daemon start":
      return daemonPermissions(invocation.config, invocation.secretFiles);
    case "daemon restart":
      return union(signalPermissions(invocation.config), daemonPermissions(invocation.config, invocation.secretFiles));
  }
}

/** Where `init` puts the library, and where a configuration without `keys.library` looks for it. */
export function libraryOf(installDir: string): string {
  return `${installDir}/lib/libenvector.so`;
}

/** As command-line flags of Deno; an absent kind is denied. */
export function toFlags(permissions: Permissions): string[] {
  return Object.entries(permissions)
    .filter(([, values]) => values.length > 0)
    .map(([kind, values]) =>
      `--${kind === "ignoredEnv" ? "ignore-env" : `allow-${kind}`}=${
        values.map((value: string) => value.replaceAll(",", ",,")).join(",")
      }`
    );
}

function adminPermissions(socket: string, config: Config | undefined): Permissions {
  const read = config ? [config.source, socket] : [socket];
  return { ...(config ? CONFIGURED : NOTHING), net: [`unix:${socket}`], read, write: [socket] };
}

/** Signals go through the library's libc: Deno's own need the permission to run any program. */
function signalPermissions({ source, daemon, keys }: Config): Permissions {
  return { ...CONFIGURED, read: [source, daemon.pidFile], ffi: [keys.library] };
}

function statusPermissions(config: Config): Permissions {
  const { host, port } = config.server.grpc;
  const probe = { ...NOTHING, net: [addressText({ host: probeHost(host), port })] };
  return union(union(adminPermissions(config.server.admin.socket, config), signalPermissions(config)), probe);
}

function daemonPermissions(config: Config, secretFiles: readonly string[]): Permissions {
  const { installDir, source, server, daemon, keys, tokens, audit } = config;
  const socketFolder = folderOf(server.admin.socket);
  const state = [
    folderOf(daemon.pidFile),
    socketFolder,
    keys.path,
    folderOf(tokens.rolesFile),
    folderOf(tokens.tokensFile),
  ];
  if (audit.file) state.push(folderOf(audit.path));
  const { cert, key, disable } = server.grpc.tls;
  const inputs = [source, keys.library, ...secretFiles, ...(disable ? [] : [cert, key])];
  return {
    net: [addressText(server.grpc), `unix:${bindPathOf(server.admin.socket)}`],
    read: outermost([installDir, ...state, ...inputs]),
    write: outermost([installDir, ...state]),
    ffi: [keys.library],
    env: GRPC_ENVIRONMENT,
    ignoredEnv: YAML_ENVIRONMENT,
  };
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf("/")));
}

/** The paths without repetition and without those inside another. */
function outermost(paths: readonly string[]): string[] {
  const unique = [...new Set(paths)];
  return unique.filter((path) => !unique.some((other) => other !== path && isInside(path, other)));
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== "" && !isAbsolute(way) && way.split("/")[0] !== "..";
}

function union(a: Permissions, b: Permissions): Permissions {
  const both = (kind: keyof Permissions) => [...new Set([...a[kind], ...b[kind]])];
  return {
    net: both("net"),
    read: outermost(both("read")),
    write: outermost(both("write")),
    ffi: both("ffi"),
    env: both("env"),
    ignoredEnv: both("ignoredEnv"),
  };
}
