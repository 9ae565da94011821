import assert from "node:assert/strict";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { TempDir } from "#config/testing.ts";
import { launchCli } from "./run_cli.ts";

const LIBRARY = fileURLToPath(import.meta.resolve("../../ffi/build/libenvector.so"));

/** A config, and its PID file when it has content. */
function install(dir: TempDir, pidFileContent?: string) {
  const config = dir.write("runevault.conf", `daemon: {pid_file: vault.pid}\nkeys: {library: ${LIBRARY}}\n`);
  const pidFile = pidFileContent === undefined ? dir.join("vault.pid") : dir.write("vault.pid", pidFileContent);
  return { pidFile, stop: (...args: string[]) => launchCli("daemon", "stop", "--config", config, ...args) };
}

/** A process that holds the PID file as a daemon does. */
async function startHolder(pidFile: string, { ignoresTerm }: { ignoresTerm: boolean }) {
  const script = fileURLToPath(import.meta.resolve("./testdata/hold_pid_file.ts"));
  const args = ["run", "-A", script, pidFile, ...ignoresTerm ? ["ignores TERM"] : []];
  const child = new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  return {
    pid: child.pid,
    status: child.status,
    async [Symbol.asyncDispose]() {
      await reader.cancel();
      try {
        child.kill("SIGKILL");
      } catch { /* has ended */ }
      await child.status;
    },
  };
}

Deno.test("runevault daemon stop ends the holder of the PID file with SIGTERM, whoever started it", async () => {
  using dir = new TempDir();
  const { pidFile, stop } = install(dir);
  await using holder = await startHolder(pidFile, { ignoresTerm: false });
  assert.deepEqual(await stop(), { code: 0, stdout: `Daemon (pid ${holder.pid}) stopped.\n`, stderr: "" });
  assert.equal((await holder.status).signal, "SIGTERM");
});

Deno.test("runevault daemon stop and restart give up on a process that ignores SIGTERM", async () => {
  using dir = new TempDir();
  const { pidFile, stop } = install(dir);
  await using holder = await startHolder(pidFile, { ignoresTerm: true });
  const want = { code: 1, stdout: "", stderr: `Error: daemon (pid ${holder.pid}) did not exit within 250ms\n` };
  assert.deepEqual(await stop("--timeout", "250ms"), want);
  const config = dir.join("runevault.conf");
  assert.deepEqual(await launchCli("--timeout=250ms", "daemon", "restart", "--config", config), want);
});

Deno.test("runevault daemon stop signals nobody for a PID file that a crash left", async () => {
  using dir = new TempDir();
  await using stranger = await startHolder(dir.join("other.pid"), { ignoresTerm: false });
  const { pidFile, stop } = install(dir, `${stranger.pid}\n`);
  const stderr = `Error: PID ${stranger.pid} not alive (stale PID file ${pidFile})\n`;
  assert.deepEqual(await stop(), { code: 1, stdout: "", stderr });
  process.kill(stranger.pid, 0); // throws for a process that has gone
});

for (
  const { name, content, args = [], want } of [
    { name: "without a PID file", want: "no PID file at FILE — daemon not running?" },
    { name: "with a dead PID", content: "99999999\n", want: "PID 99999999 not alive (stale PID file FILE)" },
    { name: "with PID -1, everyone", content: "-1\n", want: "PID -1 not alive (stale PID file FILE)" },
    { name: "with an empty PID file", content: "", want: "pidfile: empty" },
    { name: "with text", content: "s3cret", want: "pidfile: parse pid: the first line is not a number" },
    {
      name: "with a bad timeout",
      args: ["--timeout", "5"],
      want: 'invalid --timeout "5": expected a duration such as 500ms, 10s or 1m30s',
    },
  ]
) {
  Deno.test(`runevault daemon stop ${name} exits 1`, async () => {
    using dir = new TempDir();
    const { pidFile, stop } = install(dir, content);
    const stderr = `Error: ${want.replace("FILE", pidFile)}\n`;
    assert.deepEqual(await stop(...args), { code: 1, stdout: "", stderr });
  });
}

Deno.test("runevault daemon stop names a library that is missing and the way out", async () => {
  using dir = new TempDir();
  const config = dir.write("runevault.conf", "");
  dir.write(".runevault.pid", "4711");
  const { code, stderr } = await launchCli("--config", config, "daemon", "stop");
  assert.equal(code, 1);
  assert.match(stderr, /^Error: cannot open the envector library \S+\/lib\/libenvector\.so .*kill -TERM <pid>/);
});
