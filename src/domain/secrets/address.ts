import { VaultError } from "#errors/mod.ts";
import type { SecretAddress } from "#ports/secret_store.ts";

/** Where a name without `/` lies. */
export const DEFAULT_PROJECT = "default";
const MAX_PATH_LENGTH = 255;
const PROJECT = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
const SEGMENT = /^[A-Za-z0-9._-]+$/;

const PROJECT_RULE = "a project name has 1 to 64 characters of [A-Za-z0-9_.-] and begins with a letter or digit";
const PATH_RULE =
  `a secret's path has 1 to ${MAX_PATH_LENGTH} characters: segments of [A-Za-z0-9._-] joined by single ` +
  `'/', none of them '.' or '..'`;

/**
 * The address that a name stands for: `a/b/c` is path `b/c` of project `a`; a name without `/` is a path of `default`.
 *
 * @throws {VaultError} INVALID_ARGUMENT; states the rule and does not quote the name.
 */
export function parseAddress(name: string): SecretAddress {
  return addressOf(...splitName(name));
}

/** As parseAddress() of `project/path`, where the two come apart. @throws {VaultError} INVALID_ARGUMENT. */
export function addressOf(project: string, path: string): SecretAddress {
  checkProjectName(project);
  if (!isPath(path)) throw new VaultError("INVALID_ARGUMENT", PATH_RULE);
  return { project, path } as SecretAddress;
}

/** Undefined for a name that no secret can have. */
export function findAddress(name: string): SecretAddress | undefined {
  try {
    return parseAddress(name);
  } catch {
    return undefined;
  }
}

/** The project that a name says, of a name that no secret can have too; undefined where no project can be called that. */
export function findProject(name: string): string | undefined {
  const [project] = splitName(name);
  return PROJECT.test(project) ? project : undefined;
}

/** @throws {VaultError} INVALID_ARGUMENT; states the rule and does not quote the name. */
export function checkProjectName(name: string): void {
  if (!PROJECT.test(name)) throw new VaultError("INVALID_ARGUMENT", PROJECT_RULE);
}

/** `project/path`: what a value is bound to, and what secrets are ordered by. */
export function canonicalName({ project, path }: SecretAddress): string {
  return `${project}/${path}`;
}

/** `secret:project:path`: what policies match. */
export function resourceOf({ project, path }: SecretAddress): string {
  return `secret:${project}:${path}`;
}

function splitName(name: string): [project: string, path: string] {
  const slash = name.indexOf("/");
  return slash < 0 ? [DEFAULT_PROJECT, name] : [name.slice(0, slash), name.slice(slash + 1)];
}

function isPath(path: string): boolean {
  return path.length <= MAX_PATH_LENGTH &&
    path.split("/").every((segment) => SEGMENT.test(segment) && segment !== "." && segment !== "..");
}
