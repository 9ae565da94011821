import { auditLines } from "#adapters/audit/mod.ts";
import type { Config } from "#config/config.ts";
import { type AuditQuery, type AuditRecord, matchesQuery, parseAuditLine } from "#domain/audit/mod.ts";
import { VaultError } from "#errors/mod.ts";

export type { AuditQuery, AuditRecord };

export interface HistoryEntry {
  /** As it stands in the file. */
  readonly line: string;
  /** Undefined for a line that is no audit entry. */
  readonly record?: AuditRecord;
}

/**
 * The entries of the configured audit log that match, oldest first, and every line that is none.
 *
 * @param options.follow Never ends.
 * @throws {VaultError} FAILED_PRECONDITION when the configuration sends audit lines to no file.
 */
export async function* auditHistory(
  { source, audit }: Config,
  query: AuditQuery,
  { follow }: { follow: boolean },
): AsyncGenerator<HistoryEntry> {
  if (!audit.file) {
    throw new VaultError("FAILED_PRECONDITION", `there is no audit log file: audit.mode in ${source} names none`);
  }
  const { since } = query;
  const sinceDay = since === undefined ? undefined : new Date(since).toISOString().slice(0, 10);
  for await (const line of auditLines(audit.path, { sinceDay, follow })) {
    const record = parseAuditLine(line);
    if (!record) yield { line };
    else if (matchesQuery(record, query)) yield { line, record };
  }
}
