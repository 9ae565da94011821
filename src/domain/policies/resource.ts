import type { SecretAddress } from "#ports/secret_store.ts";

/** What a decision is about: a secret or, with an empty path, its project as a whole. */
export type Resource = Pick<SecretAddress, "project" | "path">;

/** The project itself, for creating it: covered by patterns whose path part takes everything. */
export function projectResource(project: string): Resource {
  return { project, path: "" };
}

/** `secret:project:path`, or `secret:project:*` for a project: what policies, refusals and the audit log call it. */
export function resourceText({ project, path }: Resource): string {
  return `secret:${project}:${path || "*"}`;
}
