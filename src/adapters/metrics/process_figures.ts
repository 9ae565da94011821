import { Counter, Gauge, type Registry } from "prom-client";
import process from "node:process";
import type { Clock } from "#ports/clock.ts";

/** The labels of `vault_build_info`. */
export interface BuildLabels {
  readonly version: string;
  readonly commit: string;
  /** Deno's version. */
  readonly runtime: string;
}

/** What the process takes; readable without any permission, so also once the daemon is sealed. */
export interface ProcessUsage {
  memory(): { readonly rss: number; readonly heapUsed: number; readonly external: number };
  /** Seconds of processor time since the process began, all threads. */
  cpuSeconds(): number;
  /** Processors that the process may use. */
  readonly processors: number;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

export const systemUsage: ProcessUsage = {
  memory: () => Deno.memoryUsage(),
  cpuSeconds: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  },
  processors: navigator.hardwareConcurrency,
  startedAt: performance.timeOrigin,
};

/** Shortest stretch over which the processor's load is told: readers in between get the same value. */
const CPU_WINDOW_MS = 10_000;

/** Build, uptime, memory and processor. Open file descriptors are not among them: nothing but /proc tells them. */
export function addProcessFigures(
  registry: Registry,
  { build, clock, usage }: { build: BuildLabels; clock: Clock; usage: ProcessUsage },
): void {
  addBuildInfo(registry, build);
  addCpuCounter(registry, usage);
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(value());
      },
    });
  const openedAt = clock.monotonic();
  gauge("vault_uptime_seconds", "Since the daemon was started.", () => (clock.monotonic() - openedAt) / 1000);
  gauge("vault_memory_usage_bytes", "Resident memory, native library included.", () => usage.memory().rss);
  gauge("vault_heap_used_bytes", "JavaScript objects in use.", () => usage.memory().heapUsed);
  gauge("vault_external_memory_bytes", "Buffers outside the JavaScript heap.", () => usage.memory().external);
  gauge(
    "vault_cpu_usage_percent",
    "Processor time over the last 10 s or more; 100 is all processors of the machine.",
    cpuPercent(clock, usage),
  );
  gauge("process_resident_memory_bytes", "Resident memory.", () => usage.memory().rss);
  gauge("process_start_time_seconds", "When the process began, in seconds since 1970.", () => usage.startedAt / 1000);
}

function addBuildInfo(registry: Registry, build: BuildLabels): void {
  const info = new Gauge({
    name: "vault_build_info",
    help: "Always 1; the labels tell what runs.",
    labelNames: ["version", "commit", "runtime"],
    registers: [registry],
  });
  info.set({ ...build }, 1);
}

/** A function that tells the load between its calls, over windows of at least CPU_WINDOW_MS. */
function cpuPercent(clock: Clock, { cpuSeconds, processors }: ProcessUsage): () => number {
  const sample = () => ({ time: clock.monotonic(), cpu: cpuSeconds() });
  const percent = (from: { time: number; cpu: number }, to: { time: number; cpu: number }) =>
    to.time > from.time ? 100_000 * (to.cpu - from.cpu) / (to.time - from.time) / processors : 0;
  let from = sample(), value: number | undefined;
  return () => {
    const to = sample();
    if (to.time - from.time < CPU_WINDOW_MS) return value ?? percent(from, to);
    value = percent(from, to);
    from = to;
    return value;
  };
}

function addCpuCounter(registry: Registry, { cpuSeconds }: ProcessUsage): void {
  let counted = 0;
  new Counter({
    name: "process_cpu_seconds_total",
    help: "Processor time of all threads.",
    registers: [registry],
    collect() {
      const total = cpuSeconds();
      this.inc(Math.max(0, total - counted));
      counted = Math.max(counted, total);
    },
  });
}
