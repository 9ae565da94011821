import type { StatusCode } from "#errors/mod.ts";
import type { VaultMethod } from "./metrics.ts";

/** One call in the eyes of a tracing system: which method, how it ended, how long it took. Nothing else is known here. */
export interface CallSpan {
  end(
    outcome: { readonly code: StatusCode | "OK"; readonly isPayloadFault: boolean; readonly resultCount: number },
  ): void;
}

export interface Tracer {
  /**
   * @param traceparent What the caller sent (https://www.w3.org/TR/trace-context/#traceparent-header); anything else
   * than a valid one is as good as none.
   * @returns undefined when the caller's own decision is not to record it.
   */
  startCall(method: VaultMethod, traceparent: string | undefined): CallSpan | undefined;
}
