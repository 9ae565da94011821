import assert from "node:assert/strict";
import { TempDir } from "#config/testing.ts";
import { isPidFileHeld, PidFile, readPidFile } from "./pid_file.ts";

Deno.test("PidFile.acquire() writes its own PID, file 0600 and parent 0700, and release() removes the file", async () => {
  using dir = new TempDir();
  const path = dir.join("run/vault.pid");
  const pidFile = await PidFile.acquire(path);
  assert.equal(Deno.readTextFileSync(path), `${Deno.pid}\n`);
  assert.equal(Deno.statSync(path).mode! & 0o7777, 0o600);
  assert.equal(Deno.statSync(dir.join("run")).mode! & 0o777, 0o700);
  assert.equal(pidFile.staleWarning, undefined);
  await pidFile.release();
  assert.throws(() => Deno.statSync(path), Deno.errors.NotFound);
});

Deno.test("PidFile.acquire() refuses a second holder, names the first and leaves its file alone", async () => {
  using dir = new TempDir();
  const path = dir.join("vault.pid");
  await using _first = await PidFile.acquire(path);
  const { ino, mtime } = Deno.statSync(path);
  await assert.rejects(PidFile.acquire(path), {
    kind: "locked",
    message: `another runevault daemon is already running (pid ${Deno.pid}, pidfile ${path})`,
  });
  assert.equal(Deno.readTextFileSync(path), `${Deno.pid}\n`);
  assert.deepEqual([Deno.statSync(path).ino, Deno.statSync(path).mtime], [ino, mtime]);
});

Deno.test("PidFile.acquire() leaves the PID out of its refusal when the holder's file has none", async () => {
  using dir = new TempDir();
  const path = dir.join("vault.pid");
  await using _first = await PidFile.acquire(path);
  Deno.writeTextFileSync(path, "");
  await assert.rejects(PidFile.acquire(path), {
    message: `another runevault daemon is already running (pidfile ${path})`,
  });
});

Deno.test("PidFile.acquire() works again after release()", async () => {
  using dir = new TempDir();
  const path = dir.join("vault.pid");
  await (await PidFile.acquire(path)).release();
  await using second = await PidFile.acquire(path);
  assert.equal(await readPidFile(path), Deno.pid);
  assert.equal(second.staleWarning, undefined);
});

for (
  const { name, left, warns } of [
    { name: "a longer PID", left: "2147483647\n", warns: / of PID 2147483647 overwritten/ },
    { name: "other text", left: "hello\nworld\n", warns: /vault\.pid overwritten/ },
  ]
) {
  Deno.test(`PidFile.acquire() overwrites a stale file with ${name}, mends its mode and warns`, async () => {
    using dir = new TempDir();
    const path = dir.write("vault.pid", left, 0o644);
    await using pidFile = await PidFile.acquire(path, 7);
    assert.equal(Deno.readTextFileSync(path), "7\n");
    assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
    assert.match(pidFile.staleWarning ?? "", warns);
  });
}

Deno.test("PidFile.acquire() does not follow a symbolic link", async () => {
  using dir = new TempDir();
  const target = dir.write("precious", "data");
  Deno.symlinkSync(target, dir.join("vault.pid"));
  await assert.rejects(PidFile.acquire(dir.join("vault.pid")), { kind: "unsafe" });
  assert.equal(Deno.readTextFileSync(target), "data");
});

Deno.test("PidFile.release() leaves the file of another daemon alone", async () => {
  using dir = new TempDir();
  const path = dir.join("vault.pid");
  const first = await PidFile.acquire(path, 1);
  Deno.removeSync(path); // an operator's slip, after which a second daemon can start
  await using _second = await PidFile.acquire(path, 2);
  await first.release();
  assert.equal(await readPidFile(path), 2);
});

Deno.test("PidFile.acquire() has one winner among many at once, whatever files come and go", async () => {
  using dir = new TempDir();
  const path = dir.join("vault.pid");
  for (let round = 0; round < 20; round++) {
    const last = await PidFile.acquire(path);
    const tries = await Promise.allSettled([last.release(), ...Array.from({ length: 8 }, () => PidFile.acquire(path))]);
    const held = tries.flatMap((each) => each.status === "fulfilled" && each.value ? [each.value] : []);
    assert.ok(held.length <= 1);
    for (const pidFile of held) {
      assert.equal(await readPidFile(path), Deno.pid);
      await pidFile.release();
    }
  }
});

for (
  const { name, content, want } of [
    { name: "reads a PID", content: "12345\n", want: 12345 },
    { name: "reads the first line alone", content: "12345\n99\n", want: 12345 },
    { name: "reads a PID without a newline", content: "12345", want: 12345 },
    { name: "reads a negative number, which is never alive", content: "-1\n", want: -1 },
    { name: "refuses an empty file", content: "", want: "pidfile: empty" },
    { name: "refuses an empty first line", content: "\n12\n", want: "pidfile: empty" },
    { name: "refuses text", content: "secret\n", want: "pidfile: parse pid: the first line is not a number" },
    { name: "refuses 1e3", content: "1e3\n", want: "pidfile: parse pid: the first line is not a number" },
  ]
) {
  Deno.test(`readPidFile() ${name}`, async () => {
    using dir = new TempDir();
    const path = dir.write("vault.pid", content);
    if (typeof want === "number") assert.equal(await readPidFile(path), want);
    else await assert.rejects(readPidFile(path), { kind: "malformed", message: want });
  });
}

Deno.test("readPidFile() says that a missing file means no daemon", async () => {
  using dir = new TempDir();
  const path = dir.join("vault.pid");
  await assert.rejects(readPidFile(path), {
    kind: "missing",
    message: `no PID file at ${path} — daemon not running?`,
  });
});

Deno.test("isPidFileHeld() tells a daemon's file from one that a crash left", async () => {
  using dir = new TempDir();
  const path = dir.write("vault.pid", `${Deno.pid}\n`);
  assert.equal(await isPidFileHeld(path), false);
  await using _held = await PidFile.acquire(path);
  assert.deepEqual(await Promise.all([isPidFileHeld(path), isPidFileHeld(path)]), [true, true]);
});

Deno.test("PidFile.acquire() does not take a status command that looks at the file for a daemon", async () => {
  using dir = new TempDir();
  const path = dir.write("vault.pid", "4711\n");
  const looking = Deno.openSync(path);
  assert.ok(looking.tryLockSync(false));
  const acquired = PidFile.acquire(path);
  setTimeout(() => looking.close());
  await using pidFile = await acquired;
  assert.equal(await readPidFile(pidFile.path), Deno.pid);
});
