import { PrometheusMetrics } from "#adapters/metrics/mod.ts";
import { type Config, tracingEnvironment } from "#config/mod.ts";
import { AddressSet } from "#domain/network/mod.ts";
import { type HttpSurface, MetricsSurface } from "#edge/rest/mod.ts";
import { messageOf, VaultError } from "#errors/mod.ts";
import type { Clock } from "#ports/clock.ts";
import type { CloudState } from "#ports/metrics.ts";
import type { Tracer } from "#ports/tracer.ts";
import type { Vault } from "./compose.ts";
import type { Build } from "./mod.ts";

/** Who watches the vault's calls. */
export interface Telemetry extends Disposable {
  readonly metrics: PrometheusMetrics;
  /** Who may read the metrics without a token. */
  readonly metricsAllowed: AddressSet;
  /** Absent where the configuration has no `tracing.endpoint`. */
  readonly tracer?: Tracer;
}

/** @throws {VaultError} naming the key of the configuration that is not right. */
export async function openTelemetry(config: Config, build: Build, clock: Clock): Promise<Telemetry> {
  const metricsAllowed = allowedOf(config), tracer = await openTracer(config);
  const metrics = new PrometheusMetrics({
    build: { version: build.version, commit: build.commit, runtime: Deno.version.deno },
    userLabel: config.server.http.userLabel,
    clock,
  });
  return { metrics, metricsAllowed, ...tracer && { tracer }, [Symbol.dispose]: () => metrics[Symbol.dispose]() };
}

/** `/metrics`, which from now on also shows what the vault holds. */
export function metricsSurface(
  { tokens, secretKey, log }: Vault,
  { metrics, metricsAllowed }: Telemetry,
  cloudState: () => CloudState,
): HttpSurface {
  metrics.watch({ tokens: () => tokens.countTokens(), nativeQueue: () => secretKey.queue, cloudState });
  return new MetricsSurface({ tokens, allowed: metricsAllowed, source: metrics, log });
}

function allowedOf({ server: { http } }: Config): AddressSet {
  try {
    return new AddressSet(http.metricsAllow);
  } catch (reason) {
    throw new VaultError("INVALID_ARGUMENT", `config invalid: server.http.metrics_allow: ${messageOf(reason)}`);
  }
}

/** @throws {VaultError} when Deno was started in another environment and so would export more than our spans, or none. */
async function openTracer(config: Config): Promise<Tracer | undefined> {
  const wanted = Object.entries(tracingEnvironment(config));
  if (wanted.length === 0) return undefined;
  const wrong = wanted.filter(([name, value]) => Deno.env.get(name) !== value).map(([name]) => name);
  if (wrong.length > 0) {
    throw new VaultError(
      "FAILED_PRECONDITION",
      `tracing.endpoint is set, but not in the environment: ${wrong.join(", ")}; start the daemon with its launcher`,
    );
  }
  const { OtelTracer } = await import("#adapters/tracing/mod.ts");
  return new OtelTracer();
}
