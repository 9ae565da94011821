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

/** Many short rounds in turns tell what is measured from the machine's noise. */
const ROUNDS = 40;
const ROUND_MS = 300;
/** At the start of each round, not counted: all callers begin at the same moment, which those who go on do not. */
const LEAD_MS = 100;
const WARM_UP_MS = 1500;
const READERS = [1, 8];
const WRITERS = [1, 4, 16];
const ZULU = "2026-06-13T12:00:00Z";
const LIMITS = { getShare: 0.7, writerRatio: 4 };

/** Calls a second, for so long. */
type Measure = (milliseconds: number) => Promise<number>;

/** Calls a second on as many new connections as there are requests, each with its own one. */
async function rate(target: Target, requests: readonly Uint8Array[], milliseconds: number): Promise<number> {
  const connections = await Promise.all(requests.map(() => Connection.open(target)));
  const started = performance.now() + LEAD_MS;
  let calls = 0;
  await Promise.all(connections.map(async (connection, i) => {
    for (let sent = performance.now(); sent - started < milliseconds; sent = performance.now()) {
      await connection.call(requests[i]);
      if (sent >= started) calls++;
    }
  }));
  const found = calls / (performance.now() - started) * 1000;
  connections.forEach((connection) => connection[Symbol.dispose]());
  return found;
}

/** What each of some measures gave, round by round. */
async function inTurns(measures: readonly Measure[]): Promise<number[][]> {
  const rates = measures.map((): number[] => []);
  for (const measure of measures) await measure(WARM_UP_MS);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, measure] of measures.entries()) rates[i].push(await measure(ROUND_MS));
  }
  return rates;
}

/** The median of the rounds' ratios: what disturbs a round disturbs both. */
function ratio(rates: readonly number[], to: readonly number[]): number {
  return median(rates.map((rate, round) => rate / to[round]));
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
  const name = (i: number) => `bench/s${i}`, value = "v".repeat(64);
  using connection = await Connection.open(server);
  for (let i = 0; i < Math.max(...READERS, ...WRITERS); i++) {
    const body = JSON.stringify({ name: name(i), kind: "manual", value });
    await connection.call(requestOf(server, "POST", "/v1/secrets", body));
  }
  const shown = { name: name(0), kind: "manual", format: "opaque", version: 1, value, created_at: ZULU };
  const requests: Requests = {
    echo: () => requestOf(server, "POST", "/echo", JSON.stringify(shown)),
    get: (i) => requestOf(server, "GET", `/v1/secrets/${name(i)}`),
    // Each writer has a secret of its own: writes to one secret are done one after another.
    put: (i) => requestOf(server, "PUT", `/v1/secrets/${name(i)}`, JSON.stringify({ value })),
  };
  print("\nSecrets over HTTPS, calls a second (medians of rounds, in turns)");
  const reads = await benchReads(server, requests, print), writes = await benchWrites(server, requests, print);
  printChecks({ ...reads, ...writes }, print);
}

/** What each of several callers sends, by its number. */
type Requests = Readonly<Record<"echo" | "get" | "put", (caller: number) => Uint8Array>>;

/** By what was to hold, whether it does. */
type Checks = Record<string, boolean>;

async function benchReads(server: Target, { echo, get }: Requests, print: (line: string) => void): Promise<Checks> {
  const checks: Checks = {};
  for (const readers of READERS) {
    const [echoes, gets] = await inTurns([by(readers, server, echo), by(readers, server, get)]);
    const share = ratio(gets, echoes), columns = [echoes, gets].map((rates) => whole(median(rates)));
    print(`  ${readers} at once: POST to an echo route ${columns[0]}, GET of a secret ${columns[1]}`);
    checks[`GET keeps ${whole(share * 100)} % of the echo's rate, ${readers} at once`] = share >= LIMITS.getShare;
  }
  return checks;
}

async function benchWrites(server: Target, { put }: Requests, print: (line: string) => void): Promise<Checks> {
  const rates = await inTurns(WRITERS.map((writers) => by(writers, server, put)));
  const columns = WRITERS.map((writers, i) => `${writers} writers ${whole(median(rates[i]))}`);
  print(`  PUT of a secret, durable: ${columns.join(", ")}`);
  const gain = ratio(rates.at(-1)!, rates[0]);
  return { [`${WRITERS.at(-1)} writers are ${gain.toFixed(1)} times one`]: gain >= LIMITS.writerRatio };
}

function by(callers: number, server: Target, request: (caller: number) => Uint8Array): Measure {
  const requests = Array.from({ length: callers }, (_, i) => request(i));
  return (milliseconds) => rate(server, requests, milliseconds);
}

function whole(value: number): string {
  return value.toFixed(0);
}

if (import.meta.main) {
  await benchSecretsHttp((line) => console.log(line), Number(Deno.args[0] ?? 1_000_000));
}
