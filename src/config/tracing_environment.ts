import type { Config } from "./config.ts";

/**
 * The environment in which Deno's own OpenTelemetry exports the vault's spans and nothing else; empty where tracing is
 * off. Deno reads it before any of our code runs, so the launcher sets it and the daemon only checks it.
 */
export function tracingEnvironment({ tracing: { endpoint } }: Config): Readonly<Record<string, string>> {
  if (!isCollector(endpoint)) return {}; // none, or one that the daemon refuses in better words than Deno
  return {
    OTEL_DENO: "true",
    OTEL_DENO_METRICS: "false", // /metrics has them
    OTEL_DENO_CONSOLE: "ignore",
    // Deno's own spans carry the paths of requests, and so names: only spans with a recorded parent, which ours have.
    OTEL_TRACES_SAMPLER: "parentbased_always_off",
    OTEL_PROPAGATORS: "none", // else callers could give Deno's spans such a parent
    OTEL_SERVICE_NAME: "runevault",
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  };
}

/** Whether a text is the address of a collector. Credentials have no place in it: OTEL_EXPORTER_OTLP_HEADERS has them. */
export function isCollector(text: string): boolean {
  if (!URL.canParse(text) || !/^https?:\/\/[!-~]+$/.test(text)) return false;
  const { username, password, search, hash } = new URL(text);
  return username + password + search + hash === "";
}
