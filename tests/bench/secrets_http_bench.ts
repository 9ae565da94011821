/**
 * Get and put of secrets over HTTPS beside an echo route on the same server, in turns within one run; then get and list
 * of a server with a million secrets beside one with 1,000. `deno run -A tests/bench/secrets_http_bench.ts [SECRETS]`
 *
 * @module
 */
import { median } from "./caller.ts";
import { printChecks } from "./checks.ts";
import { Connection, requestOf, type Target } from "./https_connection.ts";
import { SecretsProcess } from "./secrets_process.ts";
import { benchSecretsScale } from "./secrets_scale.ts";

const ROUNDS = 5;
const ROUND_MS = 1500;
const READERS = 8;
const WRITERS = [1, 4, 16];
const ZULU = "2026-06-13T12:00:00Z";
const LIMITS = { getShare: 0.7, writerRatio: 4 };

/** Calls a second on as many new connections as there are requests, each with its own one. */
async function rate(target: Target, requests: readonly Uint8Array[]): Promise<number> {
  const connections = await Promise.all(requests.map(() => Connection.open(target)));
  const started = performance.now();
  let calls = 0;
  await Promise.all(connections.map(async (connection, i) => {
    while (performance.now() - started < ROUND_MS) {
      await connection.call(requests[i]);
      calls++;
    }
  }));
  const found = calls / (performance.now() - started) * 1000;
  connections.forEach((connection) => connection[Symbol.dispose]());
  return found;
}

/** Medians of some things measured in turns. */
async function inTurns(measures: readonly (() => Promise<number>)[]): Promise<number[]> {
  const rates = measures.map((): number[] => []);
  for (const measure of measures) await measure(); // warm up
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, measure] of measures.entries()) rates[i].push(await measure());
  }
  return rates.map(median);
}

/**
 * @param print Takes one line.
 * @param large How many secrets are very many.
 */
export async function benchSecretsHttp(print: (line: string) => void, large = 1_000_000): Promise<void> {
  {
    await using server = await SecretsProcess.start();
    await benchServer(server.target, print);
  }
  await benchSecretsScale(print, large);
}

async function benchServer(server: Target, print: (line: string) => void): Promise<void> {
  const value = "v".repeat(64), name = (i: number) => `bench/s${i}`;
  const some = (count: number, request: (i: number) => Uint8Array) =>
    Array.from({ length: count }, (_, i) => request(i));
  using connection = await Connection.open(server);
  for (let i = 0; i < Math.max(READERS, ...WRITERS); i++) {
    const body = JSON.stringify({ name: name(i), kind: "manual", value });
    await connection.call(requestOf(server, "POST", "/v1/secrets", body));
  }
  const shown = JSON.stringify({
    name: name(0),
    kind: "manual",
    format: "opaque",
    version: 1,
    value,
    created_at: ZULU,
  });
  const [echo, get] = await inTurns([
    () => rate(server, some(READERS, () => requestOf(server, "POST", "/echo", shown))),
    () => rate(server, some(READERS, (i) => requestOf(server, "GET", `/v1/secrets/${name(i)}`))),
  ]);
  print(`\nSecrets over HTTPS, calls a second (median of rounds, in turns; ${READERS} connections)`);
  print(`  POST to an echo route ${echo.toFixed(0)}, GET of a secret ${get.toFixed(0)}`);
  // Each writer has a secret of its own: writes to one secret are done one after another.
  const put = (i: number) => requestOf(server, "PUT", `/v1/secrets/${name(i)}`, JSON.stringify({ value }));
  const rates = await inTurns(WRITERS.map((writers) => () => rate(server, some(writers, put))));
  const columns = WRITERS.map((writers, i) => `${writers} writers ${rates[i].toFixed(0)}`);
  const writerRatio = rates.at(-1)! / rates[0], share = get / echo;
  print(`  PUT of a secret, durable: ${columns.join(", ")}`);
  printChecks({
    [`GET keeps ${(share * 100).toFixed(0)} % of the echo's rate`]: share >= LIMITS.getShare,
    [`${WRITERS.at(-1)} writers are ${writerRatio.toFixed(1)} times one`]: writerRatio >= LIMITS.writerRatio,
  }, print);
}

if (import.meta.main) {
  await benchSecretsHttp((line) => console.log(line), Number(Deno.args[0] ?? 1_000_000));
}
