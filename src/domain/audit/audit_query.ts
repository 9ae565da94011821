/** One entry as read back: the fields of contract runevault.md 6.1. */
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
}

/** What an entry must be; an absent field asks for nothing. */
export interface AuditQuery {
  readonly user?: string;
  readonly method?: string;
  readonly status?: string;
  /** Milliseconds since 1970-01-01T00:00:00Z; entries of that instant included. */
  readonly since?: number;
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

export function matchesQuery(record: AuditRecord, { user, method, status, since }: AuditQuery): boolean {
  return (user === undefined || record.user_id === user) &&
    (method === undefined || record.method === method) &&
    (status === undefined || record.status === status) &&
    (since === undefined || Date.parse(record.timestamp) >= since);
}
