/** Whether one of the daemon's two doors answers. */
export interface ProbeResult {
  readonly ok: boolean;
  /** Why not, when known. */
  readonly cause?: string;
}

export const PROBE_TIMEOUT_MS = 2000;

/** `ok`, `down` or `down — <cause>`. */
export function probeText({ ok, cause }: ProbeResult): string {
  if (ok) return "ok";
  return cause === undefined ? "down" : `down — ${cause}`;
}
