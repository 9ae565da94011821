/** What a decision is about: a secret's address or, with an empty path, its project as a whole. */
export interface Resource {
  readonly project: string;
  readonly path: string;
}

/** The project itself, for creating it: covered by patterns whose path part takes everything. */
export function projectResource(project: string): Resource {
  return { project, path: "" };
}

/** `secret:project:path`, or `secret:project:*` for a project: what policies, refusals and the audit log call it. */
export function resourceText({ project, path }: Resource): string {
  return `secret:${project}:${path || "*"}`;
}
