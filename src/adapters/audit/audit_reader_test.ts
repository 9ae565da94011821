import assert from "node:assert/strict";
import { TempDir } from "#config/testing.ts";
import { auditLines } from "./audit_reader.ts";
import { FileSink } from "./file_sink.ts";

const DAY_MS = 86_400_000;
const NAMES = [
  "audit.log",
  "audit.log.2026-11-20",
  "audit.log.2026-11-21",
  "audit.log.2026-11-21.2",
  "audit.log.2026-11-21.10",
];
const OLDEST_FIRST = [NAMES[1], NAMES[2], NAMES[3], NAMES[4], NAMES[0]];

/** A folder in which every file holds its own name, beside some that are not the log's. */
function folderOf(...names: string[]): TempDir {
  const dir = new TempDir();
  for (const name of [...names, "audit.log.bak", "audit.log.2026-11-21.gz", "other.log.2026-11-20"]) {
    dir.write(name, `${name}\n`);
  }
  return dir;
}

for (
  const { name, names, sinceDay, want } of [
    { name: "reads rotated files by day and number, then the log", names: NAMES, want: OLDEST_FIRST },
    { name: "leaves out files of earlier days", names: NAMES, sinceDay: "2026-11-21", want: OLDEST_FIRST.slice(1) },
    { name: "reads the log itself, however long ago", names: NAMES, sinceDay: "2027-01-01", want: ["audit.log"] },
    { name: "reads rotated files without a log", names: NAMES.slice(1, 3), want: OLDEST_FIRST.slice(0, 2) },
  ]
) {
  Deno.test(`auditLines() ${name}`, async () => {
    using dir = folderOf(...names);
    assert.deepEqual(await Array.fromAsync(auditLines(dir.join("audit.log"), { sinceDay })), want);
  });
}

Deno.test("auditLines() gives also a last line that no newline ends, and characters split over two reads whole", async () => {
  using dir = new TempDir();
  const lines = ["ä".repeat(70_000), "x", '{"cut'];
  assert.deepEqual(await Array.fromAsync(auditLines(dir.write("audit.log", lines.join("\n")))), lines);
});

Deno.test("auditLines() says that there is no log, or that it cannot be read", async () => {
  using dir = new TempDir();
  const read = (name: string) => Array.fromAsync(auditLines(dir.join(name)));
  await assert.rejects(read("audit.log"), { message: `no audit log at ${dir.join("audit.log")}` });
  await assert.rejects(read("no/such/folder"), { message: `no audit log at ${dir.join("no/such/folder")}` });
  Deno.mkdirSync(dir.join("folder"));
  await assert.rejects(read("folder"), /Is a directory/);
});

Deno.test("auditLines() follows a log from before it exists through a rotation, without losing or repeating a line", async () => {
  using dir = new TempDir();
  const path = dir.join("audit.log"), time = { now: Date.now() };
  const sink = new FileSink({ path, retention: 30, clock: { now: () => time.now, monotonic: () => 0 } });
  const lines = auditLines(path, { follow: true });
  const next = async () => (await lines.next()).value;
  const first = next();
  await sink.write("today 1");
  assert.equal(await first, "today 1");
  await sink.write("today 2");
  time.now += DAY_MS;
  await sink.write("tomorrow 1");
  assert.deepEqual([await next(), await next()], ["today 2", "tomorrow 1"]);
  const last = next();
  await sink.write("tomorrow 2");
  assert.equal(await last, "tomorrow 2");
  await lines.return(undefined);
  await sink.close();
});
