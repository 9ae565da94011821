/**
 * The secrets store at 1,000 and at a million secrets, and what group commit gives.
 * `deno run -A tests/bench/secrets_store_bench.ts [SECRETS]`
 *
 * @module
 */
import { join } from "node:path";
import { SqliteSecretStore } from "#adapters/storage/sqlite/mod.ts";
import { parseAddress } from "#domain/secrets/mod.ts";
import type { ImportedSecret } from "#ports/secret_store.ts";
import { SeededRandom } from "../support/random.ts";
import { bytes, TestEngine, textOf } from "../support/secret_engine.ts";

const SMALL = 1000, LARGE = Number(Deno.args[0] ?? 1_000_000);
const GETS = 4000, PAGES = 200, WRITE_SECONDS = 4, BATCH = 5000;
const LIMITS = { getRatio: 1.5, pageMilliseconds: 10, openSeconds: 2, writerRatio: 4 };

function nameOf(i: number): string {
  return `project-${i % 97}/service/${(i * 2654435761 >>> 0).toString(36)}/${i}`;
}

const settings = {
  kind: "manual",
  format: "opaque",
  description: "one of very many",
  rotationIntervalSeconds: null,
  graceSeconds: 0,
  currentVersion: 1,
  nextRotationAt: null,
  createdAt: 1,
  updatedAt: 1,
  updatedBy: "bench",
} as const;

/** Sealed for real, in transactions of many. */
async function fill({ store, sealer }: TestEngine, count: number): Promise<void> {
  for (let from = 0; from < count; from += BATCH) {
    const batch: ImportedSecret[] = [];
    for (let i = from; i < Math.min(count, from + BATCH); i++) {
      const sealed = await sealer.seal(nameOf(i), 1, bytes(`a value of some length, number ${i}`));
      const version = { version: 1, sealed, createdAt: 1, createdBy: "bench", expiresAt: null };
      batch.push({ ...settings, address: parseAddress(nameOf(i)), versions: [version] });
    }
    await store.importSecrets(batch);
  }
}

/** The median of the times of `run`, milliseconds. */
async function median(times: number, run: (i: number) => Promise<unknown>): Promise<number> {
  const all: number[] = [];
  for (let i = 0; i < times; i++) {
    const started = performance.now();
    await run(i);
    all.push(performance.now() - started);
  }
  return all.sort((a, b) => a - b)[times >> 1];
}

interface Measured {
  readonly open: number;
  readonly get: number;
  readonly page: number;
}

async function measure(path: string, count: number): Promise<Measured> {
  {
    await using test = new TestEngine({ path });
    await fill(test, count);
  }
  const started = performance.now();
  await using test = new TestEngine({ path });
  textOf(await test.engine.get(parseAddress(nameOf(count - 1))));
  const open = (performance.now() - started) / 1000;
  const random = new SeededRandom(1), any = () => parseAddress(nameOf(random.below(count)));
  await median(GETS, async () => textOf(await test.engine.get(any())));
  const get = await median(GETS, async () => textOf(await test.engine.get(any())));
  const page = await median(PAGES, () => {
    const after = nameOf(random.below(count));
    return test.engine.list({ limit: 100, after, visible: (resource) => !resource.endsWith("7") });
  });
  console.log(
    `${count} secrets: open and first get ${open.toFixed(2)} s, get ${(get * 1000).toFixed(0)} µs, ` +
      `page of 100 ${page.toFixed(2)} ms, ${(Deno.statSync(path).size / 2 ** 20).toFixed(0)} MiB`,
  );
  return { open, get, page };
}

/** Acknowledged writes a second of so many writers at once. */
async function writeRate(path: string, writers: number): Promise<number> {
  await using test = new TestEngine({ store: new SqliteSecretStore(path) });
  const until = performance.now() + WRITE_SECONDS * 1000;
  let writes = 0;
  await Promise.all(Array.from({ length: writers }, async (_, writer) => {
    for (let i = 0; performance.now() < until; i++) {
      const request = { kind: "manual" as const, value: bytes("a value of some length") };
      textOf(await test.engine.create(parseAddress(`w${writer}/${i}`), request, "bench"));
      writes += 1;
    }
  }));
  return writes / WRITE_SECONDS;
}

const directory = await Deno.makeTempDir({ prefix: "rv-bench-" });
try {
  const [one, sixteen] = [await writeRate(join(directory, "1.db"), 1), await writeRate(join(directory, "16.db"), 16)];
  console.log(`writes a second: 1 writer ${one.toFixed(0)}, 16 writers ${sixteen.toFixed(0)}`);
  const small = await measure(join(directory, "small.db"), SMALL);
  const large = await measure(join(directory, "large.db"), LARGE);
  const checks = {
    [`16 writers are ${(sixteen / one).toFixed(1)} times one`]: sixteen / one >= LIMITS.writerRatio,
    [`get at ${LARGE} is ${(large.get / small.get).toFixed(2)} times that at ${SMALL}`]:
      large.get / small.get <= LIMITS.getRatio,
    [`a page takes ${large.page.toFixed(2)} ms`]: large.page < LIMITS.pageMilliseconds,
    [`opening takes ${large.open.toFixed(2)} s`]: large.open < LIMITS.openSeconds,
  };
  for (const [text, isMet] of Object.entries(checks)) console.log(`${isMet ? "met" : "MISSED"}: ${text}`);
  if (!Object.values(checks).every(Boolean)) Deno.exitCode = 1;
} finally {
  await Deno.remove(directory, { recursive: true });
}
