/**
 * The secrets store at 1,000 and at a million secrets, and what group commit gives.
 * `deno run -A tests/bench/secrets_store_bench.ts [SECRETS]`
 *
 * @module
 */
import { join } from "node:path";
import { SqliteSecretStore } from "#adapters/storage/sqlite/mod.ts";
import { parseAddress } from "#domain/secrets/mod.ts";
import { SeededRandom } from "../support/random.ts";
import { bytes, TestEngine, textOf } from "../support/secret_engine.ts";
import { printChecks } from "./checks.ts";
import { fill, nameOf } from "./many_secrets.ts";

const SMALL = 1000;
const GETS = 8000, PAGES = 400, WRITE_SECONDS = 4;
const LIMITS = { pageMilliseconds: 10, openSeconds: 2, writerRatio: 4 };

/** A filled store, opened anew. */
async function filled(path: string, count: number): Promise<TestEngine & { readonly openSeconds: number }> {
  await fill(path, count);
  const started = performance.now(), test = new TestEngine({ path });
  textOf(await test.engine.get(parseAddress(nameOf(count - 1))));
  return Object.assign(test, { openSeconds: (performance.now() - started) / 1000 });
}

/** The medians of runs on both, in turn, so that what else the machine does hits both; milliseconds. */
async function medians(
  times: number,
  stores: readonly [TestEngine, number][],
  run: (test: TestEngine, name: string) => Promise<unknown>,
): Promise<number[]> {
  const random = new SeededRandom(1), all = stores.map((): number[] => []);
  for (let i = 0; i < times; i++) {
    for (const [which, [test, count]] of stores.entries()) {
      const name = nameOf(random.below(count)), started = performance.now();
      await run(test, name);
      all[which].push(performance.now() - started);
    }
  }
  return all.map((measured) => measured.slice(times / 2).sort((a, b) => a - b)[times >> 2]);
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

/**
 * One writer and sixteen, and reads of a small store beside those of a large one. Their gets are not held against each
 * other: the store's cache of what was read lately holds all of the small one, so that it shows what a cached get costs.
 * What a caller sees of the number of secrets, secrets_scale.ts measures over HTTPS.
 *
 * @param print Takes one line.
 * @param large How many secrets are very many.
 */
export async function benchSecretsStore(print: (line: string) => void, large = 1_000_000): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "rv-bench-" });
  try {
    const [one, sixteen] = [await writeRate(join(directory, "1.db"), 1), await writeRate(join(directory, "16.db"), 16)];
    print(`writes a second: 1 writer ${one.toFixed(0)}, 16 writers ${sixteen.toFixed(0)}`);
    await using small = await filled(join(directory, "small.db"), SMALL);
    await using many = await filled(join(directory, "large.db"), large);
    const stores: [TestEngine, number][] = [[small, SMALL], [many, large]];
    const gets = await medians(GETS, stores, async ({ engine }, name) => textOf(await engine.get(parseAddress(name))));
    const pages = await medians(PAGES, stores, ({ engine }, after) => {
      return engine.list({ limit: 100, after, visible: (resource) => !resource.endsWith("7") });
    });
    for (const [which, [test, count]] of stores.entries()) {
      const mebibytes = Deno.statSync(test.store.path).size / 2 ** 20;
      print(
        `${count} secrets: get ${(gets[which] * 1000).toFixed(0)} µs, page of 100 ${pages[which].toFixed(2)} ms, ` +
          `${mebibytes.toFixed(0)} MiB`,
      );
    }
    printChecks({
      [`16 writers are ${(sixteen / one).toFixed(1)} times one`]: sixteen / one >= LIMITS.writerRatio,
      [`a page takes ${pages[1].toFixed(2)} ms`]: pages[1] < LIMITS.pageMilliseconds,
      [`opening and the first get take ${many.openSeconds.toFixed(2)} s`]: many.openSeconds < LIMITS.openSeconds,
    }, print);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

if (import.meta.main) {
  await benchSecretsStore((line) => console.log(line), Number(Deno.args[0] ?? 1_000_000));
}
