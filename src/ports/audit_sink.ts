/** Where audit lines go. */
export interface AuditSink {
  /**
   * Appends a line; `line` has no newline of its own.
   *
   * Rejects when it could not be written. Lines appear in the order of the calls.
   */
  write(line: string): Promise<void>;
  close(): Promise<void>;
}
