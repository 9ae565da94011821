import {
  type Context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Tracer as ApiTracer,
} from "@opentelemetry/api";
import type { StatusCode } from "#errors/mod.ts";
import type { VaultMethod } from "#ports/metrics.ts";
import type { CallSpan, Tracer } from "#ports/tracer.ts";

const SERVICE = "rune.vault.v1.VaultService";
/** What is the server's fault, as OpenTelemetry's conventions for gRPC have it. */
const SERVER_ERRORS: readonly (StatusCode | "OK")[] = ["UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE"];
/** Version 00, or a later one with more after its flags. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.{0,256})?$/;

/**
 * Spans through Deno's own exporter, which the environment turns on (src/config/tracing_environment.ts).
 *
 * Deno also makes spans of its own, with the path of every HTTP request, and with it users' names. So the environment
 * turns off every span without a recorded parent, and each span here gets one: the caller's, or a made-up one.
 */
export class OtelTracer implements Tracer {
  readonly #tracer: ApiTracer = trace.getTracer("runevault");

  startCall(method: VaultMethod, traceparent: string | undefined): CallSpan | undefined {
    const parent = parentOf(traceparent) ?? madeUpParent();
    if ((parent.traceFlags & TraceFlags.SAMPLED) === 0) return undefined;
    const name = `${SERVICE}/${method}`, attributes = { "rpc.system.name": "grpc", "rpc.method": name };
    const span = this.#tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, contextOf(parent));
    return { end: (outcome) => endSpan(span, outcome) };
  }
}

function endSpan(span: Span, { code, isPayloadFault, resultCount }: Parameters<CallSpan["end"]>[0]): void {
  span.setAttributes({
    "rpc.response.status_code": code,
    "vault.result_count": resultCount,
    "vault.payload_fault": isPayloadFault,
  });
  if (SERVER_ERRORS.includes(code)) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

function parentOf(traceparent: string | undefined): SpanContext | undefined {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent ?? "") ?? [];
  if (traceId === undefined) return undefined;
  const context = { traceId, spanId, traceFlags: parseInt(flags, 16), isRemote: true };
  return isSpanContextValid(context) ? context : undefined; // ids of zeros only are not
}

function madeUpParent(): SpanContext {
  const random = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes)).toHex();
  return { traceId: random(16), spanId: random(8), traceFlags: TraceFlags.SAMPLED, isRemote: true };
}

function contextOf(parent: SpanContext): Context {
  return trace.setSpanContext(ROOT_CONTEXT, parent);
}
