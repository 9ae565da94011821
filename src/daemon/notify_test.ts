import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { TempDir } from "#config/testing.ts";
import type { LogLevel } from "#ports/log.ts";
import { libcSender } from "#adapters/native/mod.ts";
import { createNotifier } from "./notify.ts";

const decoder = new TextDecoder();
const LIBRARY = fileURLToPath(new URL("../../ffi/build/libenvector.so", import.meta.url));

/** Stands for the service manager: prints what it receives, after a line that says it is there. */
const MANAGER = `
  const path = Deno.args[0].replace(/^@/, "\\0");
  const socket = Deno.listenDatagram({ transport: "unixpacket", path });
  console.log("listening");
  for await (const [message] of socket) console.log(JSON.stringify(new TextDecoder().decode(message)));`;

/** Stands for the daemon, sealed as its last argument says. */
const DAEMON = `
  import { createNotifier } from ${JSON.stringify(import.meta.resolve("./notify.ts"))};
  import { libcSender } from ${JSON.stringify(import.meta.resolve("../adapters/native/notify_sender.ts"))};
  const [stayMs, library, ...seal] = Deno.args;
  const open = libcSender(library);
  const notifier = createNotifier({ open, log: (_level, text) => console.log(text) });
  for (const name of seal) Deno.permissions.revokeSync({ name });
  notifier.ready();
  await new Promise((resolve) => setTimeout(resolve, Number(stayMs)));
  notifier.stopping();
  notifier[Symbol.dispose]();
  notifier[Symbol.dispose]();
  console.log("done");`;

function start(script: string, flags: string[], args: string[], env: Record<string, string> = {}): Deno.ChildProcess {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "--no-check", ...flags, "-", ...args],
    env: { NO_COLOR: "1", ...env },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  new Blob([script]).stream().pipeTo(child.stdin);
  return child;
}

interface Manager {
  heard(count: number): Promise<string[]>;
  heardUntil(message: string): Promise<string[]>;
}

/** A manager that listens, and what it has heard. */
async function startManager(path: string): Promise<AsyncDisposable & Manager> {
  const child = start(MANAGER, ["--unstable-net", "--allow-all"], [path]);
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const lines = async (count: number) => {
    while (text.split("\n").length <= count) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`the manager ended: ${text}`);
      text += value;
    }
    return text.split("\n").slice(1, -1).map((line) => JSON.parse(line));
  };
  await lines(1);
  return {
    heard: (count) => lines(count + 1),
    async heardUntil(message) {
      for (let count = 1;; count++) {
        const heard = await lines(count + 1);
        if (heard.at(-1) === message) return heard;
      }
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await reader.cancel();
      await child.status;
    },
  };
}

const CASES = [
  { name: "says READY and STOPPING", stayMs: 0, want: ["READY=1", "STOPPING=1"] },
  {
    name: "feeds the watchdog at half its limit",
    watchdog: "800000",
    stayMs: 1000,
    want: ["READY=1", "WATCHDOG=1", "STOPPING=1"],
  },
  { name: "ignores a watchdog that is no number", watchdog: "1s", stayMs: 0, want: ["READY=1", "STOPPING=1"] },
] as const;
const ENV = "--allow-env=NOTIFY_SOCKET,WATCHDOG_USEC";

for (const { name, stayMs, want, ...options } of CASES) {
  const watchdog: Record<string, string> = "watchdog" in options ? { WATCHDOG_USEC: options.watchdog } : {};

  Deno.test(`createNotifier() ${name} through libc, without a permission left`, async () => {
    using dir = new TempDir();
    const socket = dir.join("notify");
    await using manager = await startManager(socket);
    const everything = ["env", "ffi", "read", "write", "net", "run", "sys", "import"];
    const args = [`${stayMs}`, LIBRARY, ...everything];
    const daemon = start(DAEMON, [`--allow-ffi=${LIBRARY}`, ENV], args, { NOTIFY_SOCKET: socket, ...watchdog });
    assert.equal(decoder.decode((await daemon.output()).stdout), "done\n");
    const heard = await manager.heardUntil("STOPPING=1\n");
    assert.deepEqual([...new Set(heard)], want.map((message) => `${message}\n`)); // any number of beats
  });
}

Deno.test({
  name: "createNotifier() reaches an abstract socket through libc",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const socket = `@runevault-test-${crypto.randomUUID()}`;
    await using manager = await startManager(socket);
    const daemon = start(DAEMON, [`--allow-ffi=${LIBRARY}`, ENV], ["0", LIBRARY], { NOTIFY_SOCKET: socket });
    assert.equal(decoder.decode((await daemon.output()).stdout), "done\n");
    assert.deepEqual(await manager.heard(2), ["READY=1\n", "STOPPING=1\n"]);
  },
});

for (
  const { name, socket, sender, want } of [
    { name: "without a service manager", socket: undefined, sender: libcSender(LIBRARY), want: [] },
    { name: "for an empty address", socket: "", sender: libcSender(LIBRARY), want: [] },
    {
      name: "for what is no address, with a warning",
      socket: "run/notify",
      sender: libcSender(LIBRARY),
      want: ["cannot notify the service manager at run/notify: not the address of a Unix socket"],
    },
  ]
) {
  Deno.test(`createNotifier() is silent ${name}`, () => {
    const warnings: string[] = [];
    const log = (_level: LogLevel, message: string) => warnings.push(message);
    using notifier = createNotifier({ open: sender, log, env: { get: () => socket } });
    notifier.ready();
    notifier.stopping();
    assert.deepEqual(warnings, want);
  });
}

Deno.test("createNotifier() warns once of a manager that is gone", async () => {
  using dir = new TempDir();
  const env = { NOTIFY_SOCKET: dir.join("gone"), WATCHDOG_USEC: "100000" };
  const daemon = start(DAEMON, [`--allow-ffi=${LIBRARY}`, ENV], ["300", LIBRARY], env);
  const { stdout } = await daemon.output();
  assert.match(decoder.decode(stdout), /^cannot send READY=1 to the service manager: .*\ndone\n$/);
});
