/** One entry as read back: the fields of contract runevault.md 6.1, and those of the secrets engine. */
export interface AuditRecord {
  readonly timestamp: string;
  readonly user_id: string;
  readonly method: string;
  readonly top_k: number | null;
  readonly result_count: number;
  readonly status: string;
  readonly source_ip: string;
  readonly latency_ms: number;
  readonly error?: string;
  readonly resource?: string;
  readonly version?: number;
}

/** What an entry must be; an absent field asks for nothing. */
export interface AuditQuery {
  readonly user?: string;
  readonly method?: string;
  readonly status?: string;
  /** Milliseconds since 1970-01-01T00:00:00Z; entries of that instant included. */
  readonly since?: number;
  /** `secret:project:path`, or the start of it with a `*` at the end. */
  readonly resource?: string;
}

/** The entry of a line, or undefined for one that a crash cut off or somebody wrote by hand. */
export function parseAuditLine(line: string): AuditRecord | undefined {
  try {
    const value = JSON.parse(line);
    return typeof value?.timestamp === "string" && typeof value.method === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}

export function matchesQuery(record: AuditRecord, { user, method, status, since, resource }: AuditQuery): boolean {
  return (user === undefined || record.user_id === user) &&
    (method === undefined || record.method === method) &&
    (status === undefined || record.status === status) &&
    (since === undefined || Date.parse(record.timestamp) >= since) &&
    (resource === undefined || isAbout(record.resource, resource));
}

/** A file written by hand may hold anything in the place of the text. */
function isAbout(resource: unknown, wanted: string): boolean {
  if (typeof resource !== "string") return false;
  return wanted.endsWith("*") ? resource.startsWith(wanted.slice(0, -1)) : resource === wanted;
}
