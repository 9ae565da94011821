import { messageOf, VaultError } from "#errors/mod.ts";

const SIGTERM = 15;
const ESRCH = 3; // the same number on Linux and macOS
const EPERM = 1;
const MAX_PID = 0x7fff_ffff;

const symbols = {
  kill: { parameters: ["i32", "i32"], result: "i32" }, // pid, signal; 0, or -1 with errno set
  memcpy: { parameters: ["buffer", "usize", "usize"], result: "usize" },
  __errno_location: { parameters: [], result: "usize", optional: true }, // int*, glibc and musl
  __error: { parameters: [], result: "usize", optional: true }, // int*, macOS
} as const satisfies Deno.ForeignLibraryInterface;

/**
 * Signals to other processes. Deno.kill() needs an unscoped --allow-run, with which the process could start anything;
 * kill(2) needs only the --allow-ffi of one library, since the functions of libc resolve through any library that
 * depends on libc.
 */
export class ProcessSignals implements Disposable {
  readonly #library: Deno.DynamicLibrary<typeof symbols>;

  /**
   * @param library Absolute path of a shared library that depends on libc: the envector library.
   * @throws {VaultError} when it cannot be opened; names it and what to do instead.
   */
  constructor(library: string) {
    try {
      this.#library = Deno.dlopen(library, symbols);
    } catch (reason) {
      throw new VaultError(
        "FAILED_PRECONDITION",
        `cannot open the envector library ${library} to signal the daemon: ${messageOf(reason)} ` +
          "(set keys.library, or use 'kill -TERM <pid>' or 'systemctl stop runevault')",
      );
    }
    this.#errno(); // the first call sets up its trampoline; doing that after kill() could change errno
  }

  /** Whether a process has this PID, a zombie and one of another user included. Not a PID, 0 or below: false. */
  isAlive(pid: number): boolean {
    return isPid(pid) && (this.#kill(pid, 0) ?? 0) !== ESRCH;
  }

  /**
   * Sends SIGTERM.
   *
   * @returns false when there is no such process (any more).
   * @throws {Error} with the cause when the signal is refused.
   */
  terminate(pid: number): boolean {
    // kill(2) reads 0 and -1 as "my group" and "every process", and a number beyond 31 bits would wrap around to those.
    const errno = isPid(pid) ? this.#kill(pid, SIGTERM) : ESRCH;
    if (errno === undefined) return true;
    if (errno === ESRCH) return false;
    throw new Error(errno === EPERM ? "operation not permitted" : `errno ${errno}`);
  }

  [Symbol.dispose](): void {
    this.#library.close();
  }

  /** The errno of a failed call, undefined after success. */
  #kill(pid: number, signal: number): number | undefined {
    return this.#library.symbols.kill(pid, signal) === 0 ? undefined : this.#errno();
  }

  #errno(): number {
    const { memcpy, __errno_location, __error } = this.#library.symbols;
    const address = (__errno_location ?? __error)?.();
    if (address === undefined) return 0;
    const errno = new Int32Array(1);
    memcpy(errno, BigInt(address), 4n);
    return errno[0];
  }
}

function isPid(pid: number): boolean {
  return Number.isInteger(pid) && pid > 0 && pid <= MAX_PID;
}
