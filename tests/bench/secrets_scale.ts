import assert from "node:assert/strict";
import { SeededRandom } from "../support/random.ts";
import { processorTimeOf } from "../support/process_memory.ts";
import { median } from "./caller.ts";
import { printChecks } from "./checks.ts";
import { Connection, requestOf } from "./https_connection.ts";
import { nameOf } from "./many_secrets.ts";
import { SecretsProcess } from "./secrets_process.ts";

const SMALL = 1000;
const CONNECTIONS = [1, 8];
/** Two servers that differ in nothing else: many short rounds in turns tell them apart from the machine's noise. */
const ROUNDS = 32, WARM_UP_ROUNDS = 8, ROUND_MS = 250;
const PAGES = 300, PAGE = 100;
const LIMITS = { getRatio: 1.5, pageMs: 10, openMs: 2000 };

interface Side {
  readonly server: SecretsProcess;
  readonly count: number;
  readonly random: SeededRandom;
}

/** In milliseconds. */
interface Times {
  readonly median: number;
  readonly p99: number;
}

/** In milliseconds. */
interface Round {
  readonly times: readonly number[];
  /** Processor time of the server for one call. */
  readonly cost: number;
}

/** What a caller sees of the number of secrets: the same calls to a server with few and to one with very many. */
export async function benchSecretsScale(print: (line: string) => void, large: number): Promise<void> {
  await using few = await SecretsProcess.start(SMALL);
  await using many = await SecretsProcess.start(large);
  const sides = [sideOf(few, SMALL), sideOf(many, large)], checks: Record<string, boolean> = {};
  print(`\nSecrets over HTTPS, ${SMALL} on one server and ${large} on another (medians; GETs in turns)`);
  for (const connections of CONNECTIONS) {
    const [less, more] = await getTimes(sides, connections), ratio = more.median / less.median;
    print(
      `  GET of any secret, ${connections} at once: ${textOf(less)} and ${textOf(more)}; ` +
        `server's processor ${less.cost.toFixed(2)} and ${more.cost.toFixed(2)} ms`,
    );
    checks[`GET at ${large} takes ${ratio.toFixed(2)} times that at ${SMALL}, ${connections} at once`] =
      ratio <= LIMITS.getRatio;
  }
  const pages: Times[] = [];
  for (const side of sides) pages.push(await pageTimes(side));
  print(`  a page of ${PAGE}: ${pages.map(textOf).join(" and ")}`);
  print(`  from opening the store until calls are taken: ${few.openMs.toFixed(0)} ms and ${many.openMs.toFixed(0)} ms`);
  checks[`a page at ${large} takes ${pages[1].median.toFixed(2)} ms`] = pages[1].median < LIMITS.pageMs;
  checks[`start-up at ${large} takes ${many.openMs.toFixed(0)} ms`] = many.openMs < LIMITS.openMs;
  printChecks(checks, print);
}

function sideOf(server: SecretsProcess, count: number): Side {
  return { server, count, random: new SeededRandom(1) };
}

/** Of each side, with so many connections to it. */
async function getTimes(sides: readonly Side[], connections: number): Promise<(Times & { readonly cost: number })[]> {
  const found = sides.map((): Round[] => []);
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round++) {
    for (let turn = 0; turn < sides.length; turn++) {
      const i = (round + turn) % sides.length; // neither is always the first
      found[i].push(await roundOf(sides[i], connections));
    }
  }
  return found.map((rounds) => rounds.slice(WARM_UP_ROUNDS)).map((rounds) => {
    return { ...timesOf(rounds.flatMap(({ times }) => times)), cost: median(rounds.map(({ cost }) => cost)) };
  });
}

/** Its connections are new: the server ends one after 10,000 requests. */
async function roundOf({ server, count, random }: Side, connections: number): Promise<Round> {
  const { target, process: { pid } } = server;
  const open = await Promise.all(Array.from({ length: connections }, () => Connection.open(target)));
  const times: number[] = [], before = processorTimeOf(pid), until = performance.now() + ROUND_MS;
  await Promise.all(open.map(async (connection) => {
    while (performance.now() < until) {
      const request = requestOf(target, "GET", `/v1/secrets/${nameOf(random.below(count))}`);
      times.push(await timeOf(connection, request));
    }
  }));
  const cost = (processorTimeOf(pid) - before) / times.length;
  for (const connection of open) connection[Symbol.dispose]();
  return { times, cost };
}

async function timeOf(connection: Connection, request: Uint8Array): Promise<number> {
  const started = performance.now();
  await connection.call(request);
  return performance.now() - started;
}

/** Of pages that begin anywhere. */
async function pageTimes({ server, count, random }: Side): Promise<Times> {
  using connection = await Connection.open(server.target);
  const times: number[] = [];
  for (let i = 0; i < 2 * PAGES; i++) {
    const after = encodeURIComponent(nameOf(random.below(count)));
    const request = requestOf(server.target, "GET", `/v1/secrets?limit=${PAGE}&after=${after}`);
    const time = await timeOf(connection, request);
    if (i >= PAGES) times.push(time);
  }
  const first = await connection.call(requestOf(server.target, "GET", `/v1/secrets?limit=${PAGE}`));
  assert.equal(JSON.parse(new TextDecoder().decode(first)).length, PAGE);
  return timesOf(times);
}

function timesOf(milliseconds: readonly number[]): Times {
  const sorted = milliseconds.toSorted((a, b) => a - b),
    at = (part: number) => sorted[Math.floor(sorted.length * part)];
  return { median: at(0.5), p99: at(0.99) };
}

function textOf({ median, p99 }: Times): string {
  return `${median.toFixed(2)} ms (p99 ${p99.toFixed(2)})`;
}
