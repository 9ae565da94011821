/** Breaks a machine's parts on purpose, and mends them. @module */
import { join } from "node:path";
import { ROOT } from "./paths.ts";
import { run } from "./test_vault.ts";

function works(program: string, ...args: string[]): boolean {
  try {
    return new Deno.Command(program, { args, stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

async function must(program: string, ...args: string[]): Promise<void> {
  const { code, stderr } = await run(program, args);
  if (code !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}`);
}

/** Whether this process may mount; tried in a mount namespace of its own. */
export const CAN_MOUNT = Deno.build.os === "linux" && works("unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt");
/** Whether strace is there and may trace. */
export const CAN_TRACE = Deno.build.os === "linux" && works("strace", "-o", "/dev/null", "true");
/** Whether a C compiler is there for `ShiftedClock`. */
export const CAN_SHIFT_CLOCK = Deno.build.os === "linux" && works("cc", "--version");
/** Runs a program without the power to ignore file modes, which root has. */
export const WITHOUT_ROOT_POWERS = Deno.build.os === "linux" && Deno.uid() === 0
  ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
  : [];
export const CAN_DROP_POWERS = Deno.build.os !== "windows" &&
  (WITHOUT_ROOT_POWERS.length === 0 || works("setpriv", ...WITHOUT_ROOT_POWERS.slice(1), "true"));

/** A small disk of its own. Declare it before the vault that uses it: a disk in use cannot be unmounted. */
export class SmallDisk implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async mount(kibibytes: number): Promise<SmallDisk> {
    const path = await Deno.makeTempDir({ prefix: "rv-disk-" });
    await must("mount", "-t", "tmpfs", "-o", `size=${kibibytes}k,mode=700`, "tmpfs", path);
    return new SmallDisk(path);
  }

  /** Leaves no byte free. */
  async fill(): Promise<void> {
    using file = await Deno.open(join(this.path, "filler"), { write: true, create: true });
    try {
      while (await file.write(new Uint8Array(4096)) > 0);
    } catch {
      // Full.
    }
  }

  async makeRoom(): Promise<void> {
    await Deno.remove(join(this.path, "filler"));
  }

  async setReadOnly(isReadOnly: boolean): Promise<void> {
    await must("mount", "-o", `remount,${isReadOnly ? "ro" : "rw"}`, this.path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await must("umount", this.path);
    await Deno.remove(this.path);
  }
}

/** Makes a system call of a running process fail with EIO, until it is disposed of. */
export class IoErrors implements AsyncDisposable {
  private constructor(readonly strace: Deno.ChildProcess, readonly reader: Promise<void>) {}

  /** @param path Only calls on this very file; all without. */
  static async inject(
    pid: number,
    syscall: "write" | "fsync" | "fdatasync" | "rename" | "pwrite64",
    path?: string,
  ): Promise<IoErrors> {
    const filter = path === undefined ? [] : ["-P", path];
    const strace = new Deno.Command("strace", {
      args: ["-f", "-p", `${pid}`, ...filter, "-e", `trace=${syscall}`, "-e", `inject=${syscall}:error=EIO`],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const attached = Promise.withResolvers<void>();
    const reader = untilAttached(strace.stderr, attached);
    await attached.promise;
    return new IoErrors(strace, reader);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.strace.kill("SIGINT");
    await this.strace.status;
    await this.reader;
  }
}

async function untilAttached(stream: ReadableStream<Uint8Array>, attached: PromiseWithResolvers<void>): Promise<void> {
  let text = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (/attached/.test(text)) attached.resolve();
  }
  attached.reject(new Error(`strace: ${text}`));
}

/** A wall clock that a test can set while the daemon runs. */
export class ShiftedClock implements AsyncDisposable {
  private constructor(readonly dir: string) {}

  static async create(): Promise<ShiftedClock> {
    const clock = new ShiftedClock(await Deno.makeTempDir({ prefix: "rv-clock-" }));
    const source = `${ROOT}tests/support/shifted_clock.c`;
    await must("cc", "-shared", "-fPIC", "-O1", "-o", join(clock.dir, "clock.so"), source);
    await clock.set(0);
    return clock;
  }

  /** What the daemon's environment needs. */
  get env(): Record<string, string> {
    return { LD_PRELOAD: join(this.dir, "clock.so"), CLOCK_SHIFT_FILE: join(this.dir, "seconds") };
  }

  /** @param seconds Ahead of the real time; negative: behind. */
  async set(seconds: number): Promise<void> {
    using file = await Deno.open(join(this.dir, "seconds"), { write: true, create: true });
    await file.write(new Uint8Array(BigInt64Array.of(BigInt(seconds)).buffer));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.dir, { recursive: true });
  }
}
