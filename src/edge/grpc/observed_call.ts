import { type StatusCode, VaultError } from "#errors/mod.ts";
import type { Clock } from "#ports/clock.ts";
import type { Metrics, VaultMethod } from "#ports/metrics.ts";
import type { Tracer } from "#ports/tracer.ts";
import { isDenial } from "./status_map.ts";
import type { MessageParts } from "./wire.ts";

/** Who is told how calls end. */
export interface Observers {
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Absent where tracing is off. */
  readonly tracer?: Tracer;
}

/** What the work finds out about its call on the way. */
export interface CallFacts {
  user?: string;
  resultCount: number;
  isPayloadFault: boolean;
}

/** Runs one call, constraints and audit included, and tells the metrics and the tracer how it ended. */
export async function observe(
  { clock, metrics, tracer }: Observers,
  { method, traceparent }: { method: VaultMethod; traceparent: () => string | undefined },
  work: (facts: CallFacts) => Promise<MessageParts>,
): Promise<MessageParts> {
  const startedAt = clock.monotonic(), facts: CallFacts = { resultCount: 0, isPayloadFault: false };
  const span = tracer?.startCall(method, traceparent());
  let code: StatusCode | "OK" = "OK", isDenied = false;
  try {
    return await work(facts);
  } catch (reason) {
    code = reason instanceof VaultError ? reason.code : "INTERNAL";
    isDenied = isDenial(reason);
    throw reason;
  } finally {
    const { user, resultCount, isPayloadFault } = facts;
    metrics.callEnded({
      method,
      code,
      isPayloadFault,
      isDenied,
      user,
      seconds: (clock.monotonic() - startedAt) / 1000,
    });
    span?.end({ code, isPayloadFault, resultCount: code === "OK" ? resultCount : 0 });
  }
}
