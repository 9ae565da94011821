import { Gauge, type Registry } from "prom-client";
import { CLOUD_STATES, type MetricsSources, TOKEN_STATES, type TokenCounts } from "#ports/metrics.ts";

/** Gauges of tokens, roles, the native library's queue and the cloud, as they are when somebody reads them. */
export class SourceGauges {
  readonly #tokens: Gauge<"role" | "state">;
  readonly #soonestExpiry: Gauge;
  readonly #nativeCalls: Gauge;
  readonly #nativeQueue: Gauge;
  readonly #cloud: Gauge<"state">;
  readonly #sources: MetricsSources;

  constructor(registry: Registry, sources: MetricsSources) {
    const gauge = <Label extends string = never>(name: string, help: string, labelNames: readonly Label[] = []) =>
      new Gauge({ name: `vault_${name}`, help, labelNames, registers: [registry] });
    this.#sources = sources;
    this.#tokens = gauge("tokens", "Tokens by role and state.", ["role", "state"]);
    this.#soonestExpiry = gauge(
      "token_soonest_expiry_timestamp_seconds",
      "When the next of the valid tokens ends; +Inf where none ever does.",
    );
    this.#nativeCalls = gauge("native_calls_running", "Calls in the native library.");
    this.#nativeQueue = gauge("native_queue_depth", "Calls that wait for the native library.");
    this.#cloud = gauge("cloud_state", "1 for the state of the connection to enVector Cloud, else 0.", ["state"]);
  }

  /** Looks everything up anew. @returns What was counted of the tokens. */
  refresh(): TokenCounts {
    const tokens = this.#sources.tokens(), { running, waiting } = this.#sources.nativeQueue();
    this.#tokens.reset(); // roles that are gone
    for (const [role, counts] of tokens.byRole) {
      for (const state of TOKEN_STATES) this.#tokens.set({ role, state }, counts[state]);
    }
    this.#soonestExpiry.set((tokens.soonestExpiry ?? Infinity) / 1000);
    this.#nativeCalls.set(running);
    this.#nativeQueue.set(waiting);
    const cloud = this.#sources.cloudState();
    for (const state of CLOUD_STATES) this.#cloud.set({ state }, state === cloud ? 1 : 0);
    return tokens;
  }
}
