import { escapeNonAscii } from "../ascii_json.ts";

/** One call; fields and their order as contract runevault.md 6.1 has them, then those of the secrets engine. */
export interface AuditEntry {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly time: number;
  /** `unknown` when the token is. */
  readonly user: string;
  /** Of the vault's RPCs by their own names; of the secrets engine `secret_get`, `secret_create` and the like. */
  readonly method: string;
  /** The requested number of scores; null for other methods. */
  readonly topK: number | null;
  readonly resultCount: number;
  /** `started`: a change is about to be made; its outcome follows in an entry of its own. */
  readonly status: "success" | "denied" | "error" | "started";
  readonly sourceIp: string;
  readonly latencyMs: number;
  readonly error?: string;
  /** What a call of the secrets engine was about, `secret:project:path`; cut when a caller sent an endless one. */
  readonly resource?: string;
  /** Of the secret, where the call was about one version. */
  readonly version?: number;
}

/** No name is longer; one that is refused for its length must not make the line endless. */
const MAX_RESOURCE_LENGTH = 512;

/** The entry as one line of compact ASCII JSON, without its newline. */
export function formatAuditEntry(entry: AuditEntry): string {
  return escapeNonAscii(JSON.stringify({
    timestamp: isoTimestamp(entry.time),
    user_id: entry.user,
    method: entry.method,
    top_k: entry.topK,
    result_count: entry.resultCount,
    status: entry.status,
    source_ip: entry.sourceIp,
    latency_ms: Math.round(entry.latencyMs * 100) / 100,
    error: entry.error,
    resource: entry.resource?.slice(0, MAX_RESOURCE_LENGTH),
    version: entry.version,
  }));
}

/** As Python's `datetime.isoformat()`: microseconds, left out when they are zero. */
function isoTimestamp(time: number): string {
  const text = new Date(Math.floor(time)).toISOString();
  return text.endsWith(".000Z") ? `${text.slice(0, 19)}+00:00` : `${text.slice(0, 23)}000+00:00`;
}
