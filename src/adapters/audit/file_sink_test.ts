import assert from "node:assert/strict";
import { join } from "node:path";
import { setImmediate } from "node:timers";
import { FileSink } from "./file_sink.ts";

const DAY_MS = 86_400_000;

/** A sink in a fresh directory, at a time that the test moves. */
async function withSink(
  test: (parts: { sink: FileSink; dir: string; path: string; time: { now: number } }) => Promise<void>,
  { retention = 30 } = {},
): Promise<void> {
  const dir = await Deno.makeTempDir();
  const path = join(dir, "logs", "audit.log"), time = { now: Date.now() };
  const sink = new FileSink({ path, retention, clock: { now: () => time.now, monotonic: () => 0 } });
  try {
    await sink.prepare();
    await test({ sink, dir, path, time });
  } finally {
    await sink.close();
    await Deno.remove(dir, { recursive: true });
  }
}

const day = (time: number) => new Date(time).toISOString().slice(0, 10);

Deno.test("FileSink makes a private file in a directory of its own", () =>
  withSink(async ({ path, dir }) => {
    assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
    assert.equal((await Deno.stat(join(dir, "logs"))).mode! & 0o777, 0o700);
  }));

Deno.test("FileSink writes concurrent lines whole and in order", () =>
  withSink(async ({ sink, path }) => {
    const lines = Array.from({ length: 500 }, (_, i) => `line ${i}`);
    await Promise.all(lines.map((line) => sink.write(line)));
    assert.equal(await Deno.readTextFile(path), lines.map((line) => `${line}\n`).join(""));
  }));

Deno.test("FileSink writes durable lines among others, also while it rotates and closes", () =>
  withSink(async ({ sink, path, time }) => {
    const day1 = Array.from({ length: 100 }, (_, i) => `line ${i}`), rotated = `${path}.${day(time.now)}`;
    await Promise.all(day1.map((line, i) => sink.write(line, i % 3 === 0)));
    const late = sink.write("last of the day", true);
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve))); // it is written, and on its way to disk
    time.now += DAY_MS;
    const next = sink.write("of the next day", true);
    await sink.close();
    await Promise.all([late, next]);
    assert.equal(await Deno.readTextFile(rotated), [...day1, "last of the day", ""].join("\n"));
    assert.equal(await Deno.readTextFile(path), "of the next day\n");
  }));

Deno.test("FileSink rotates at midnight UTC and keeps the newest files", () =>
  withSink(async ({ sink, dir, path, time }) => {
    const start = time.now;
    for (let i = 0; i < 5; i++) {
      time.now = start + i * DAY_MS;
      await sink.write(`day ${i}`);
    }
    assert.equal(await Deno.readTextFile(path), "day 4\n");
    assert.equal(await Deno.readTextFile(`${path}.${day(start + 3 * DAY_MS)}`), "day 3\n");
    const names = [...Deno.readDirSync(join(dir, "logs"))].map(({ name }) => name).sort();
    assert.deepEqual(names, ["audit.log", ...[2, 3].map((i) => `audit.log.${day(start + i * DAY_MS)}`)]);
  }, { retention: 2 }));

Deno.test("FileSink rotates what an earlier daemon left", () =>
  withSink(async ({ path }) => {
    await Deno.writeTextFile(path, "old\n");
    await Deno.utime(path, 0, 0);
    const later = new FileSink({ path, retention: 30, clock: { now: () => Date.now(), monotonic: () => 0 } });
    await later.write("new");
    await later.close();
    assert.equal(await Deno.readTextFile(`${path}.1970-01-01`), "old\n");
    assert.equal(await Deno.readTextFile(path), "new\n");
  }));

Deno.test("FileSink never writes over a rotated file", () =>
  withSink(async ({ sink, path, time }) => {
    const rotated = `${path}.${day(time.now)}`;
    await Deno.writeTextFile(rotated, "kept\n");
    await sink.write("today");
    time.now += DAY_MS;
    await sink.write("tomorrow");
    assert.equal(await Deno.readTextFile(rotated), "kept\n");
    assert.equal(await Deno.readTextFile(`${rotated}.2`), "today\n");
  }));

Deno.test("FileSink stays in its file when the clock goes back", () =>
  withSink(async ({ sink, path, time }) => {
    await sink.write("a");
    time.now -= DAY_MS;
    await sink.write("b");
    assert.equal(await Deno.readTextFile(path), "a\nb\n");
  }));

Deno.test("FileSink finds its path again when the file is removed or replaced", () =>
  withSink(async ({ sink, path }) => {
    await sink.write("a");
    await Deno.remove(path);
    await sink.write("b");
    assert.equal(await Deno.readTextFile(path), "b\n");
    await Deno.rename(path, `${path}.moved`);
    await Deno.writeTextFile(path, "by hand\n");
    await sink.write("c");
    assert.equal(await Deno.readTextFile(path), "by hand\nc\n");
  }));

Deno.test("FileSink refuses while it cannot write, and writes again once it can", () =>
  withSink(async ({ sink, path }) => {
    await Deno.remove(path);
    await Deno.mkdir(path);
    await assert.rejects(sink.write("lost"), (reason: Error) => reason.message.includes(path));
    await Deno.remove(path);
    await sink.write("back");
    assert.equal(await Deno.readTextFile(path), "back\n");
  }));

Deno.test("FileSink starts a new line after one that a crash cut off", () =>
  withSink(async ({ sink, path }) => {
    await Deno.remove(path);
    await Deno.writeTextFile(path, `whole\n{"cut off`);
    await sink.write("a");
    await sink.write("b");
    assert.equal(await Deno.readTextFile(path), `whole\n{"cut off\na\nb\n`);
  }));
