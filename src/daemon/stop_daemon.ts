import { messageOf } from "#errors/mod.ts";
import { isPidFileHeld, PidFileError, readPidFile } from "./pid_file.ts";

interface Signals extends Disposable {
  isAlive(pid: number): boolean;
  /** False when there is no such process; throws the cause when the signal is refused. */
  terminate(pid: number): boolean;
}

/** What stopping needs of the outside; ProcessSignals, setTimeout and performance.now() outside tests. */
export interface StopTools {
  /** Called once there is a PID to signal: without a PID file nobody need care that the library is missing. */
  openSignals(): Signals;
  /** Resolves after that many milliseconds. */
  sleep(milliseconds: number): Promise<void>;
  /** Milliseconds that never run backwards. */
  monotonic(): number;
}

/** There is no daemon to stop: no PID file, or one of a process that is gone. `daemon restart` only warns about it. */
export class NotRunningError extends Error {
  override readonly name = "NotRunningError";
}

const POLL_MS = 100;

/**
 * Ends the daemon of a PID file with SIGTERM, whoever started it, and waits until it is gone. Nobody is signalled for a
 * file that no daemon holds: after a crash and a reboot its PID may be anyone's.
 *
 * @param timeout `text` is the duration as the operator wrote it.
 * @returns its PID.
 * @throws {NotRunningError} and Error with the texts of contract runevault.md 4.7.
 */
export async function stopDaemon(
  pidFile: string,
  timeout: { readonly milliseconds: number; readonly text: string },
  { openSignals, sleep, monotonic }: StopTools,
): Promise<number> {
  const pid = await readPid(pidFile);
  const isHeld = await isPidFileHeld(pidFile);
  using signals = openSignals();
  if (!isHeld || !signals.isAlive(pid)) throw new NotRunningError(`PID ${pid} not alive (stale PID file ${pidFile})`);
  terminate(pid, signals);
  const deadline = monotonic() + timeout.milliseconds;
  while (signals.isAlive(pid)) {
    const left = deadline - monotonic();
    if (left <= 0) throw new Error(`daemon (pid ${pid}) did not exit within ${timeout.text}`);
    await sleep(Math.min(POLL_MS, left));
  }
  return pid;
}

async function readPid(pidFile: string): Promise<number> {
  try {
    return await readPidFile(pidFile);
  } catch (reason) {
    if (reason instanceof PidFileError && reason.kind === "missing") throw new NotRunningError(reason.message);
    throw reason;
  }
}

/** A process that ended on its own just before is as good as stopped. */
function terminate(pid: number, signals: Signals): void {
  try {
    signals.terminate(pid);
  } catch (reason) {
    throw new Error(`send SIGTERM to ${pid}: ${messageOf(reason)}`);
  }
}
