import { dirname, join, relative } from "node:path";
import type { Config } from "./config.ts";

/** Where a backup keeps files that lay outside the install directory, by their absolute path. */
const OUTSIDE = "outside";

/** A file or folder of an install that belongs into a backup. */
export interface Place {
  readonly kind: "config" | "key" | "state" | "secret" | "policies" | "store" | "certificate";
  /** Absolute. */
  readonly path: string;
  /** Stands for the files directly in it. */
  readonly isFolder: boolean;
  /** May be missing. */
  readonly isOptional: boolean;
}

/**
 * Everything that cannot be made anew, the configuration first. Left out: audit logs, the PID file, the socket, and the
 * library, which comes with each release.
 */
export function placesOf({ source, installDir, keys, tokens, secretFiles, server, secrets }: Config): Place[] {
  const { cert, key, disable } = server.grpc.tls;
  const file = (kind: Place["kind"], path: string): Place => ({ kind, path, isFolder: false, isOptional: false });
  const optional = (kind: Place["kind"], path: string, isFolder: boolean): Place => {
    return { kind, path, isFolder, isOptional: true };
  };
  return [
    file("config", source),
    { ...file("key", join(keys.path, "vault-key")), isFolder: true },
    file("state", tokens.rolesFile),
    file("state", tokens.tokensFile),
    ...secretFiles.map((path) => file("secret", path)),
    ...(disable ? [] : [file("certificate", cert), file("certificate", key)]),
    optional("certificate", join(installDir, "certs"), true),
    optional("policies", secrets?.policiesFile ?? join(installDir, "configs/policies.yml"), false),
    ...(secrets ? [optional("store", secrets.database, false)] : []),
  ];
}

/** Relative to the install directory; what lies elsewhere goes below `outside/` by its absolute path. */
export function archivePathOf(path: string, { installDir }: Config): string {
  const way = relative(installDir, path);
  return way.split("/")[0] === ".." ? join(OUTSIDE, path) : way;
}

/** Where the configuration wants a file of a backup of its install; undefined for one that it knows nothing of. */
export function placeOf(archivePath: string, config: Config): Place | undefined {
  return placesOf(config).find(({ path, isFolder }) => {
    return archivePathOf(path, config) === (isFolder ? dirname(archivePath) : archivePath);
  });
}
