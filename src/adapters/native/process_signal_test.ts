import assert from "node:assert/strict";
import { ProcessSignals } from "./process_signal.ts";
import { fileURLToPath } from "node:url";
import { TempDir } from "#config/testing.ts";

const PROJECT = fileURLToPath(import.meta.resolve("../../../"));
const LIBRARY = `${PROJECT}ffi/build/libenvector.so`;
const SCRIPT = `
  import { ProcessSignals } from ${JSON.stringify(import.meta.resolve("./process_signal.ts"))};
  using signals = new ProcessSignals(Deno.args[0]);
  const pid = Number(Deno.args[1]);
  let refusal = "none";
  try { signals.terminate(pid); } catch (reason) { refusal = reason.message; }
  console.log(signals.isAlive(pid), signals.isAlive(99999999), refusal);`;

/** Init, or for root, who may signal that, a process of its own and the command that gives root's rights up. */
function processOfAnotherUser(): AsyncDisposable & { pid: number; asAnotherUser: string[] } {
  if (Deno.uid() !== 0) return { pid: 1, asAnotherUser: [], [Symbol.asyncDispose]: () => Promise.resolve() };
  const child = new Deno.Command("sleep", { args: ["60"] }).spawn();
  return {
    pid: child.pid,
    asAnotherUser: ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"],
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
    },
  };
}

for (
  const { name, pid, want } of [
    { name: "its own PID", pid: Deno.pid, want: true },
    { name: "0, which kill(2) takes for the group", pid: 0, want: false },
    { name: "-1, which kill(2) takes for everyone", pid: -1, want: false },
    { name: "a PID beyond any", pid: 99999999, want: false },
    { name: "2^32 - 1, which would wrap to -1", pid: 4294967295, want: false },
    { name: "2^32 + own PID, which would wrap to it", pid: 4294967296 + Deno.pid, want: false },
    { name: "a fraction", pid: 1.5, want: false },
    { name: "not a number", pid: NaN, want: false },
  ]
) {
  Deno.test(`ProcessSignals.isAlive() of ${name} is ${want}`, () => {
    using signals = new ProcessSignals(LIBRARY);
    assert.equal(signals.isAlive(pid), want);
  });
}

Deno.test("ProcessSignals.terminate() ends another process, which is then dead", async () => {
  using signals = new ProcessSignals(LIBRARY);
  const child = new Deno.Command("sleep", { args: ["60"] }).spawn();
  assert.equal(signals.isAlive(child.pid), true);
  assert.equal(signals.terminate(child.pid), true);
  assert.equal((await child.status).signal, "SIGTERM");
  assert.equal(signals.isAlive(child.pid), false);
  assert.equal(signals.terminate(child.pid), false);
});

for (const pid of [0, -1, 99999999, 4294967295]) {
  Deno.test(`ProcessSignals.terminate(${pid}) signals nobody`, () => {
    using signals = new ProcessSignals(LIBRARY);
    assert.equal(signals.terminate(pid), false);
  });
}

Deno.test("ProcessSignals needs --allow-ffi=LIBRARY alone, counts another user's process as alive and may not end it", async () => {
  using denoDir = new TempDir();
  Deno.chmodSync(denoDir.path, 0o777);
  await using other = processOfAnotherUser();
  const command = [
    ...other.asAnotherUser,
    Deno.execPath(),
    "run",
    "--no-prompt",
    "--quiet",
    `--allow-ffi=${LIBRARY}`,
    "-",
    LIBRARY,
    `${other.pid}`,
  ];
  const child = new Deno.Command(command[0], {
    args: command.slice(1),
    env: { DENO_DIR: denoDir.path },
    cwd: PROJECT,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await new Blob([SCRIPT]).stream().pipeTo(child.stdin);
  const { stdout, stderr } = await child.output();
  const text = new TextDecoder();
  assert.equal(text.decode(stdout), "true false operation not permitted\n", text.decode(stderr));
});

Deno.test("ProcessSignals names a missing library and the way out", () => {
  assert.throws(() => new ProcessSignals("/nowhere/libenvector.so"), {
    name: "VaultError",
    message: /^cannot open the envector library \/nowhere\/libenvector\.so .*kill -TERM <pid>.*systemctl stop/,
  });
});
