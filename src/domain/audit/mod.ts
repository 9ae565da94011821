export type { AuditEntry } from "./audit_entry.ts";
export { formatAuditEntry } from "./audit_entry.ts";
export { AuditLog } from "./audit_log.ts";
export { type AuditQuery, type AuditRecord, matchesQuery, parseAuditLine } from "./audit_query.ts";
