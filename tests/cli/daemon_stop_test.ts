import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { TempDir } from "#config/testing.ts";
import { runCli } from "./run_cli.ts";

const LIBRARY = fileURLToPath(import.meta.resolve("../../ffi/build/libenvector.so"));

/** A config, its PID file when it has content, and the permissions that stopping needs. */
function install(dir: TempDir, pidFileContent?: string) {
  const config = dir.write("runevault.conf", `daemon: {pid_file: vault.pid}\nkeys: {library: ${LIBRARY}}\n`);
  const pidFile = pidFileContent === undefined ? dir.join("vault.pid") : dir.write("vault.pid", pidFileContent);
  const permissions = [
    `--allow-read=${config},${pidFile}`,
    `--allow-ffi=${LIBRARY}`,
    "--ignore-env=LOG_TOKENS,LOG_STREAM",
  ];
  return { pidFile, stop: (...args: string[]) => runCli(["daemon", "stop", "--config", config, ...args], permissions) };
}

/** A process that is up and, with `ignoresTerm`, past its trap. */
async function startProcess({ ignoresTerm }: { ignoresTerm: boolean }) {
  const script = `${ignoresTerm ? "trap '' TERM; " : ""}echo up; exec sleep 60`;
  const child = new Deno.Command("sh", { args: ["-c", script], stdout: "piped" }).spawn();
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

Deno.test("runevault daemon stop ends the process of the PID file with SIGTERM, with read and one FFI permission", async () => {
  using dir = new TempDir();
  await using process = await startProcess({ ignoresTerm: false });
  const result = await install(dir, `${process.pid}\n`).stop();
  assert.deepEqual(result, { code: 0, stdout: `Daemon (pid ${process.pid}) stopped.\n`, stderr: "" });
  assert.equal((await process.status).signal, "SIGTERM");
});

Deno.test("runevault daemon stop gives up on a process that ignores SIGTERM", async () => {
  using dir = new TempDir();
  await using process = await startProcess({ ignoresTerm: true });
  const result = await install(dir, `${process.pid}\n`).stop("--timeout", "250ms");
  const stderr = `Error: daemon (pid ${process.pid}) did not exit within 250ms\n`;
  assert.deepEqual(result, { code: 1, stdout: "", stderr });
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
  const permissions = [`--allow-read=${dir.path}`, `--allow-ffi=${dir.path}`, "--ignore-env=LOG_TOKENS,LOG_STREAM"];
  const { code, stderr } = await runCli(["--config", config, "daemon", "stop"], permissions);
  assert.equal(code, 1);
  assert.match(stderr, /^Error: cannot open the envector library \S+\/lib\/libenvector\.so .*kill -TERM <pid>/);
});
