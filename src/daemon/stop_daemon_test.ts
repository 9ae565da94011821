import assert from "node:assert/strict";
import { TempDir } from "#config/testing.ts";
import { PidFile } from "./pid_file.ts";
import { stopDaemon } from "./stop_daemon.ts";

/** A process that lives for so many milliseconds after SIGTERM, on a clock that only sleeping moves. */
function toolsFor({ livesMs = 0, alive = true, refusal }: { livesMs?: number; alive?: boolean; refusal?: string }) {
  let now = 5_000;
  let endsAt = alive ? Infinity : -Infinity;
  const slept: number[] = [];
  return {
    slept,
    openSignals: () => ({
      isAlive: () => now < endsAt,
      terminate() {
        if (refusal !== undefined) throw new Error(refusal);
        endsAt = now + livesMs;
        return true;
      },
      [Symbol.dispose]() {},
    }),
    sleep(milliseconds: number) {
      slept.push(milliseconds);
      now += milliseconds;
      return Promise.resolve();
    },
    monotonic: () => now,
  };
}

const TIMEOUT = { milliseconds: 1000, text: "1s" };

for (
  const { name, livesMs, slept } of [
    { name: "returns at once when the process is gone", livesMs: 0, slept: 0 },
    { name: "polls every 100 ms", livesMs: 250, slept: 3 },
    { name: "takes an exit in the last moment", livesMs: 1000, slept: 10 },
  ]
) {
  Deno.test(`stopDaemon() ${name}`, async () => {
    using dir = new TempDir();
    await using held = await PidFile.acquire(dir.join("pid"), 4711);
    const tools = toolsFor({ livesMs });
    assert.equal(await stopDaemon(held.path, TIMEOUT, tools), 4711);
    assert.deepEqual(tools.slept, Array(slept).fill(100));
  });
}

for (
  const { name, content, pid, process = {}, timeout = TIMEOUT, want } of [
    {
      name: "a missing PID file",
      want: { name: "NotRunningError", message: "no PID file at FILE — daemon not running?" },
    },
    {
      name: "a dead process",
      pid: 4711,
      process: { alive: false },
      want: { name: "NotRunningError", message: "PID 4711 not alive (stale PID file FILE)" },
    },
    {
      name: "a PID that belongs to another process now, which is not signalled",
      content: "4711\n",
      process: { refusal: "signalled a stranger" },
      want: { name: "NotRunningError", message: "PID 4711 not alive (stale PID file FILE)" },
    },
    { name: "an empty PID file", content: "", want: { message: "pidfile: empty" } },
    {
      name: "a PID file of words",
      content: "x",
      want: { message: "pidfile: parse pid: the first line is not a number" },
    },
    {
      name: "a refused signal",
      pid: 4711,
      process: { refusal: "operation not permitted" },
      want: { message: "send SIGTERM to 4711: operation not permitted" },
    },
    {
      name: "a process that ignores SIGTERM",
      pid: 4711,
      process: { livesMs: 1001 },
      want: { message: "daemon (pid 4711) did not exit within 1s" },
    },
    {
      name: "a timeout shorter than a poll",
      pid: 4711,
      process: { livesMs: 51 },
      timeout: { milliseconds: 50, text: "50ms" },
      want: { message: "daemon (pid 4711) did not exit within 50ms" },
    },
  ] as {
    name: string;
    content?: string;
    /** Of a daemon that holds the file. */
    pid?: number;
    process?: Parameters<typeof toolsFor>[0];
    timeout?: typeof TIMEOUT;
    want: { name?: string; message: string };
  }[]
) {
  Deno.test(`stopDaemon() fails on ${name}`, async () => {
    using dir = new TempDir();
    const file = content === undefined ? dir.join("pid") : dir.write("pid", content);
    await using _held = pid === undefined ? null : await PidFile.acquire(file, pid);
    await assert.rejects(stopDaemon(file, timeout, toolsFor(process)), {
      ...want,
      message: want.message.replace("FILE", file),
    });
  });
}
