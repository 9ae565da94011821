import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseAddress } from "#domain/secrets/mod.ts";
import { CAN_TRACE, IoErrors } from "../support/faults.ts";
import { SeededRandom } from "../support/random.ts";
import { bytes, TestEngine, textOf } from "../support/secret_engine.ts";
import {
  type Line,
  NAMES_PER_CLIENT,
  SecretWriterProcess,
  valueOf,
  WRITER_CLIENTS,
} from "../support/secret_writer_lines.ts";

/** `RUNEVAULT_CRASH_SEED` repeats the choices of a run, not the timing of its processes. */
const SEED = Number(Deno.env.get("RUNEVAULT_CRASH_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0]);
const ROUNDS = 200;
/** A process is killed at most this long after it has written at most so often. */
const MAX_DELAY_MS = 10, MAX_WRITES = 24;
const NAMES = Array.from(
  { length: WRITER_CLIENTS * NAMES_PER_CLIENT },
  (_, i) => `client${Math.floor(i / NAMES_PER_CLIENT)}/n${i % NAMES_PER_CLIENT}`,
);

/** The values of one name by version, from 1; empty when it is deleted. */
type History = readonly string[];

/** What must be in the store: acknowledged, and what may be there beside: tried and not answered. */
class Expected {
  readonly histories = new Map<string, History>(NAMES.map((name) => [name, []]));
  readonly pending = new Map<string, History>();
  acknowledged = 0;
  interrupted = 0;
  failed = 0;

  /** @param failure How a move may fail, which then must have done nothing. */
  constructor(readonly failure = /^no move fails$/) {}

  read(lines: readonly Line[]): void {
    for (const { kind, name, version, nonce, reason } of lines) {
      const before = this.histories.get(name)!;
      const after = version === 0 ? [] : [...before.slice(0, version - 1), valueOf(name, version, nonce)];
      if (kind === "try") this.pending.set(name, after);
      else this.pending.delete(name);
      if (kind === "failed") {
        assert.match(reason!, this.failure, `${name} version ${version}`);
        this.failed += 1;
      }
      if (kind !== "ok") continue;
      this.histories.set(name, after);
      this.acknowledged += 1;
    }
    this.interrupted += this.pending.size;
  }

  /** The store holds what is expected, a pending move wholly or not at all; goes on from what it holds. */
  async check({ engine }: TestEngine): Promise<void> {
    for (const name of NAMES) {
      const found = await historyOf(engine, name), wanted = this.histories.get(name)!;
      const possible = [wanted, ...this.pending.has(name) ? [this.pending.get(name)!] : []].map(kept);
      if (!possible.some((history) => JSON.stringify(history) === JSON.stringify(found))) {
        assert.deepEqual(found, kept(wanted), `${name}, pending: ${this.pending.get(name)?.at(-1) ?? "nothing"}`);
      }
      if (this.pending.has(name) && JSON.stringify(found) === JSON.stringify(kept(this.pending.get(name)!))) {
        this.histories.set(name, this.pending.get(name)!);
      }
    }
    this.pending.clear();
  }
}

/** The last ten versions, newest first. */
function kept(history: History): string[] {
  return history.slice(-10).toReversed();
}

async function historyOf(engine: TestEngine["engine"], name: string): Promise<string[]> {
  const address = parseAddress(name);
  const versions = await engine.versions(address).catch(() => []);
  const texts = await Promise.all(versions.map(async ({ version }) => textOf(await engine.get(address, version))));
  versions.forEach(({ version }, i) => assert.ok(texts[i].startsWith(`${name}|${version}|`), texts[i]));
  if (versions.length > 0) {
    assert.deepEqual(await engine.verify(address, bytes(texts[0])), { valid: true, version: versions[0].version });
  }
  return texts;
}

function checkIntegrity(path: string): void {
  const db = new DatabaseSync(path);
  try {
    assert.deepEqual(db.prepare("PRAGMA integrity_check").all().map((row) => Object.values(row)), [["ok"]]);
    assert.deepEqual(db.prepare("PRAGMA foreign_key_check").all(), []);
  } finally {
    db.close();
  }
}

async function inDirectory(use: (path: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "rv-crash-" });
  try {
    await use(join(directory, "secrets.db"));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function delay(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function written(writer: SecretWriterProcess, writes: number): Promise<void> {
  const from = writer.lines.length;
  const done = () => writer.lines.slice(from).filter(({ kind }) => kind === "ok").length;
  while (writer.lines.length === 0 || done() < writes) await delay(1);
}

/** Of the file and the journal that the crash has left: names are in clear there, values are not. */
async function checkSealed(path: string): Promise<void> {
  for (const file of [path, `${path}-wal`]) {
    const text = new TextDecoder("latin1").decode(await Deno.readFile(file));
    assert.ok(!/client\d\/n\d\|\d+\|/.test(text), `${file} holds a value in clear`);
  }
}

async function check(path: string, expected: Expected): Promise<void> {
  await checkSealed(path);
  checkIntegrity(path);
  await using test = new TestEngine({ path });
  await expected.check(test);
}

Deno.test(`${ROUNDS} crashes of the secrets store while it writes lose and mix up nothing (seed ${SEED})`, () =>
  inDirectory(async (path) => {
    const random = new SeededRandom(SEED), expected = new Expected();
    let next = new SecretWriterProcess(path, SEED);
    for (let round = 1; round <= ROUNDS; round++) {
      await using writer = next;
      await writer.start();
      next = new SecretWriterProcess(path, SEED + round * WRITER_CLIENTS); // loads while this one writes
      await written(writer, random.below(MAX_WRITES));
      await delay(random.next() * MAX_DELAY_MS);
      await writer.kill();
      expected.read(writer.lines);
      await check(path, expected);
    }
    await next[Symbol.asyncDispose]();
    console.log(`seed ${SEED}: ${expected.acknowledged} writes acknowledged, ${expected.interrupted} cut off`);
    assert.ok(expected.acknowledged > 5 * ROUNDS, `only ${expected.acknowledged} writes`);
    assert.ok(expected.interrupted > ROUNDS / 4, `only ${expected.interrupted} writes were cut off`);
  }));

for (const syscall of ["fsync", "pwrite64"] as const) {
  Deno.test({
    name:
      `EIO from ${syscall} of the secrets store: its writers are told, nothing half-done stays, and it goes on after`,
    ignore: !CAN_TRACE,
    fn: () =>
      inDirectory(async (path) => {
        const expected = new Expected(/^VaultError: secrets store: nothing was changed: disk I\/O error$/);
        await using writer = new SecretWriterProcess(path, SEED);
        await writer.start();
        await written(writer, 30);
        {
          await using _errors = await IoErrors.inject(writer.pid, syscall, `${path}-wal`);
          const failures = () => writer.lines.filter(({ kind }) => kind === "failed").length;
          while (failures() < 30) await delay(5);
        }
        await written(writer, 60);
        await writer.kill();
        expected.read(writer.lines);
        assert.ok(expected.failed >= 30);
        await check(path, expected);
      }),
  });
}
