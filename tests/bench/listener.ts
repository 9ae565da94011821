import { Buffer } from "node:buffer";
import { join } from "node:path";
import { processorTimeOf } from "../support/process_memory.ts";
import { TestVault } from "../support/test_vault.ts";
import { Caller, median } from "./caller.ts";
import { type Echo, startEcho } from "./echo.ts";

const IN_FLIGHT = [1, 8];
const HEALTH_MS = 3_000;
/** Two servers that differ in nothing else: it takes many short rounds in turns to tell them apart from the machine's noise. */
const SIZES = [
  { bytes: 1_000, rounds: 40, milliseconds: 300 },
  { bytes: 100_000, rounds: 40, milliseconds: 300 },
  { bytes: 20_000_000, rounds: 9, milliseconds: 1 },
];

interface Side {
  readonly echo: Echo;
  readonly caller: Caller;
  readonly rates: number[];
  /** Milliseconds of processor time a call, of the server. */
  readonly costs: number[];
}

/** What it costs that the port is shared: the same echo server behind grpc-js's own listener and behind the vault's. */
export async function benchListener(print: (line: string) => void): Promise<void> {
  await using vault = await TestVault.start();
  const certs = join(vault.dir, "certs");
  const own = await startEcho(certs), shared = await startEcho(certs, "one-port");
  print("\nThe listener alone: an echo server behind it and behind grpc-js's own (medians of rounds, in turns)");
  print("                          calls a second               server's processor, ms a call");
  print("request bytes  in flight  one port  grpc-js's   ratio  one port  grpc-js's   ratio");
  for (const { bytes, rounds, milliseconds } of SIZES) {
    const request = Buffer.alloc(bytes, "A");
    for (const inFlight of IN_FLIGHT) {
      using a = new Caller(shared.port, vault.ca, "/bench.Echo/Echo", request);
      using b = new Caller(own.port, vault.ca, "/bench.Echo/Echo", request);
      const sides = [sideOf(shared, a), sideOf(own, b)];
      await compare(sides, { inFlight, rounds, milliseconds });
      print([String(bytes).padStart(13), String(inFlight).padStart(9), ...columnsOf(sides)].join("  "));
    }
  }
  for (const { process } of [own, shared]) {
    process.kill("SIGKILL");
    await process.status;
  }
  print(`\nGET /health, 8 connections: ${(await healthRate(vault, 8)).toFixed(0)} answers a second`);
}

function sideOf(echo: Echo, caller: Caller): Side {
  return { echo, caller, rates: [], costs: [] };
}

async function compare(
  sides: readonly Side[],
  { inFlight, rounds, milliseconds }: { inFlight: number; rounds: number; milliseconds: number },
): Promise<void> {
  for (const { caller } of sides) await caller.rate(inFlight, 3 * milliseconds); // warm up
  for (let round = 0; round < rounds; round++) {
    // Neither is always the first.
    for (const { echo, caller, rates, costs } of round % 2 ? sides : sides.toReversed()) {
      const before = processorTimeOf(echo.process.pid);
      const { rate, calls } = await caller.rate(inFlight, milliseconds);
      rates.push(rate);
      costs.push((processorTimeOf(echo.process.pid) - before) / calls);
    }
  }
}

function columnsOf([shared, own]: readonly Side[]): string[] {
  const rates = [median(shared.rates), median(own.rates)], costs = [median(shared.costs), median(own.costs)];
  return [
    rates[0].toFixed(1).padStart(8),
    rates[1].toFixed(1).padStart(9),
    `${(rates[0] / rates[1] * 100).toFixed(0)} %`.padStart(6),
    costs[0].toFixed(3).padStart(8),
    costs[1].toFixed(3).padStart(9),
    `${(costs[0] / costs[1] * 100).toFixed(0)} %`.padStart(6),
  ];
}

/** Answers per second over so many connections that stay open. */
async function healthRate(vault: TestVault, connections: number): Promise<number> {
  using client = Deno.createHttpClient({ caCerts: [vault.ca], http2: false });
  const started = performance.now();
  let answers = 0;
  await Promise.all(Array.from({ length: connections }, async () => {
    while (performance.now() - started < HEALTH_MS) {
      await (await fetch(`https://localhost:${vault.port}/health`, { client })).arrayBuffer();
      answers++;
    }
  }));
  return answers / (performance.now() - started) * 1000;
}
