/** Spans by OpenTelemetry; imported only where tracing is on. @module */
export { OtelTracer } from "./otel_tracer.ts";
