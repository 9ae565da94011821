import { Histogram, type Registry } from "prom-client";
import type { Clock } from "#ports/clock.ts";

const PERIOD_MS = 500;
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** How late timers are: what a call waits for while the event loop is at something else. */
export class EventLoopLag implements Disposable {
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(registry: Registry, clock: Clock) {
    const lag = new Histogram({
      name: "vault_event_loop_lag_seconds",
      help: "How late a timer of the event loop was, twice a second.",
      buckets: BUCKETS,
      registers: [registry],
    });
    let due = clock.monotonic() + PERIOD_MS;
    this.#timer = setInterval(() => {
      const now = clock.monotonic();
      lag.observe(Math.max(0, now - due) / 1000);
      due = now + PERIOD_MS;
    }, PERIOD_MS);
    Deno.unrefTimer(this.#timer);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
