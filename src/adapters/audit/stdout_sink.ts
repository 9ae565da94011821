import type { AuditSink } from "#ports/audit_sink.ts";
import { LineWriter } from "./line_writer.ts";

/** Audit lines on standard output. */
export class StdoutSink implements AuditSink {
  readonly #writer = new LineWriter(async (text) => {
    const bytes = new TextEncoder().encode(text);
    for (let written = 0; written < bytes.length;) written += await Deno.stdout.write(bytes.subarray(written));
  });

  write(line: string): Promise<void> {
    return this.#writer.write(line);
  }

  close(): Promise<void> {
    return this.#writer.drain();
  }
}
