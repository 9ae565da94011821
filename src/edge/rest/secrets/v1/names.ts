import type { SecretAddress } from "#ports/secret_store.ts";
import { DEFAULT_PROJECT } from "#domain/secrets/mod.ts";

/**
 * A secret's name as `/v1` writes it: a client that knows no projects gets back the names that it gave.
 * `x` for `default/x`, otherwise `project/path`.
 */
export function publicName({ project, path }: Pick<SecretAddress, "project" | "path">): string {
  return project === DEFAULT_PROJECT && !path.includes("/") ? path : `${project}/${path}`;
}
