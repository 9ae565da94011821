/** Where audit lines go. */
export interface AuditSink {
  /**
   * Appends a line; `line` has no newline of its own.
   *
   * Rejects when it could not be written. Lines appear in the order of the calls.
   *
   * @param isDurable Whether it must outlive a loss of power, as far as the sink can see to that; all outlive a crash of
   * the process.
   */
  write(line: string, isDurable: boolean): Promise<void>;
  close(): Promise<void>;
}
