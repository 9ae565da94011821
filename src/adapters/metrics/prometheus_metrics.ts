import { type PrometheusContentType, Registry } from "prom-client";
import type { Clock } from "#ports/clock.ts";
import type { AuthFailure, EndedCall, Metrics, MetricsSources } from "#ports/metrics.ts";
import { CallCounters } from "./call_counters.ts";
import { addProcessFigures, type BuildLabels, type ProcessUsage, systemUsage } from "./process_figures.ts";
import { SourceGauges } from "./source_gauges.ts";
import { EventLoopLag } from "./event_loop_lag.ts";

export type { BuildLabels };

export interface PrometheusOptions {
  readonly build: BuildLabels;
  /** Decryption counters carry the user's name; one series for each user that has a token, and `unknown`. */
  readonly userLabel: boolean;
  readonly clock: Clock;
  readonly usage?: ProcessUsage;
}

/** Counts in memory and writes Prometheus' text (https://prometheus.io/docs/instrumenting/exposition_formats/). */
export class PrometheusMetrics implements Metrics, Disposable {
  readonly #registry = new Registry<PrometheusContentType>();
  readonly #calls: CallCounters;
  readonly #lag: EventLoopLag;
  #sources: SourceGauges | undefined;

  /** Takes samples of the event loop from now on, until it is disposed of. */
  constructor({ build, userLabel, clock, usage = systemUsage }: PrometheusOptions) {
    this.#calls = new CallCounters(this.#registry, { userLabel });
    this.#lag = new EventLoopLag(this.#registry, clock);
    addProcessFigures(this.#registry, { build, clock, usage });
  }

  /** Adds what is looked up with every reading; to be called once. */
  watch(sources: MetricsSources): void {
    this.#sources = new SourceGauges(this.#registry, sources);
  }

  /** The `content-type` of text(). */
  get contentType(): string {
    return this.#registry.contentType;
  }

  async text(): Promise<string> {
    const tokens = this.#sources?.refresh();
    if (tokens) this.#calls.forgetUsersExcept(tokens.users);
    return await this.#registry.metrics();
  }

  [Symbol.dispose](): void {
    this.#lag[Symbol.dispose]();
  }

  callEnded(call: EndedCall): void {
    this.#calls.callEnded(call);
  }

  authAttempted(): void {
    this.#calls.authAttempts.inc();
  }

  authFailed(reason: AuthFailure): void {
    this.#calls.authFailures.inc({ reason });
  }

  rateLimited(): void {
    this.#calls.rateLimitRefusals.inc();
  }

  scoresDecrypted(ciphertexts: number, rows: number): void {
    this.#calls.ciphertexts.inc(ciphertexts);
    this.#calls.rows.inc(rows);
  }

  envelopesDecrypted(count: number): void {
    this.#calls.envelopes.inc(count);
  }

  auditFailed(): void {
    this.#calls.auditFailures.inc();
  }

  httpAnswered(route: string, status: number): void {
    this.#calls.httpRequests.inc({ route, status });
  }
}
