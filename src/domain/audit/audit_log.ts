import { messageOf, VaultError } from "#errors/mod.ts";
import type { AuditSink } from "#ports/audit_sink.ts";
import { type AuditEntry, formatAuditEntry } from "./audit_entry.ts";

/** Writes what happened to every configured sink. */
export class AuditLog {
  readonly #sinks: readonly AuditSink[];
  readonly #failClosed: boolean;
  readonly #warn: (message: string) => void;

  /**
   * @param options.failClosed Refuse calls that cannot be audited; otherwise they are only warned about.
   * @param options.warn Told why a sink could not be written.
   */
  constructor(
    sinks: readonly AuditSink[],
    { failClosed, warn }: { failClosed: boolean; warn: (message: string) => void },
  ) {
    this.#sinks = sinks;
    this.#failClosed = failClosed;
    this.#warn = warn;
  }

  /**
   * Writes an entry. One that announces a change is on disk before this resolves, so that no change outlives a loss of
   * power that its entry does not.
   *
   * @throws {VaultError} INTERNAL `audit unavailable` when a sink cannot be written; tried anew with every entry.
   */
  async record(entry: AuditEntry): Promise<void> {
    if (this.#sinks.length === 0) return;
    const line = formatAuditEntry(entry), isDurable = entry.status === "started";
    try {
      await Promise.all(this.#sinks.map((sink) => sink.write(line, isDurable)));
    } catch (reason) {
      this.#warn(`audit: ${messageOf(reason)}`);
      if (this.#failClosed) throw new VaultError("INTERNAL", "audit unavailable");
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#sinks.map((sink) => sink.close()));
  }
}
