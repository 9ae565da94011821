/** Where `audit.mode` sends audit lines (contract runevault.md 6.2). */
export interface AuditMode {
  readonly file: boolean;
  readonly stdout: boolean;
  /** Of a `file:<path>` part, its case kept; absent: `audit.path` rules. */
  readonly path?: string;
}

/** Parts are joined by `+`, any case, blanks around them allowed; unknown parts are ignored, the empty string is off. */
export function parseAuditMode(text: string): AuditMode {
  const parts = text.split("+").map((part) => part.trim());
  const named = (name: string) => parts.some((part) => part.toLowerCase() === name);
  const withPath = parts.findLast((part) => /^file:/i.test(part));
  const mode = { file: named("file") || withPath !== undefined, stdout: named("stdout") };
  const path = withPath?.slice("file:".length);
  return path ? { ...mode, path } : mode; // "file:" alone is taken for "file": a slip must not switch auditing off
}
