import assert from "node:assert/strict";
import type { Config } from "./config.ts";
import { tracingEnvironment } from "./tracing_environment.ts";

const environmentOf = (endpoint: string) => tracingEnvironment({ tracing: { endpoint } } as Config);

Deno.test("tracingEnvironment() is empty without a collector, and for what is none", () => {
  for (const endpoint of ["", "collector:4318", "file:///etc", "http://a:b@c"]) {
    assert.deepEqual(environmentOf(endpoint), {});
  }
});

Deno.test("tracingEnvironment() lets out spans of ours and nothing that Deno makes of requests", () => {
  const environment = environmentOf("https://collector.example:4318");
  assert.equal(environment.OTEL_EXPORTER_OTLP_ENDPOINT, "https://collector.example:4318");
  assert.equal(environment.OTEL_DENO, "true");
  assert.equal(environment.OTEL_TRACES_SAMPLER, "parentbased_always_off");
  assert.equal(environment.OTEL_PROPAGATORS, "none");
});
