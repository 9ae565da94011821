import type { AuditRecord } from "#daemon/audit_history.ts";
import { printable } from "./printable.ts";
import { left, right } from "./table.ts";

/** One audit entry for a reader: time, user, method, status, results of top_k, address, milliseconds, resource@version, error. */
export function auditText(record: AuditRecord): string {
  const { timestamp, user_id, method, status, top_k, result_count, source_ip, latency_ms, error, resource, version } =
    record;
  const results = top_k === null ? `${result_count}` : `${result_count}/${top_k}`;
  const columns = [
    left(timestamp, 32),
    left(user_id, 16),
    left(method, 16),
    left(status, 7),
    right(results, 7),
    left(source_ip, 15),
    right(latency_ms, 9),
  ];
  const about = resource === undefined ? "" : `${resource}${version === undefined ? "" : `@${version}`}  `;
  return printable(`${columns.join(" ")}ms  ${about}${error ?? ""}`).trimEnd(); // a file may hold anything
}
