/**
 * Runs a shell script in another root: `unshare --mount --net --pid … deno run -A enter_root.ts ROOT SCRIPT`. It is the
 * first process of these namespaces, so what it mounts ends with it.
 *
 * @module
 */
const SIOCSIFFLAGS = 0x8914n, AF_INET = 2, SOCK_DGRAM = 2, IFF_UP = 1;
const [root, script] = Deno.args;

/** A new network namespace has a loopback that is down, and not every machine has ip(8). */
function raiseLoopback(): void {
  const libc = Deno.dlopen("libc.so.6", {
    socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
    ioctl: { parameters: ["i32", "u64", "buffer"], result: "i32" },
  });
  const request = new Uint8Array(40); // struct ifreq: the name, then the flags
  request.set(new TextEncoder().encode("lo"));
  new DataView(request.buffer).setInt16(16, IFF_UP, true);
  if (libc.symbols.ioctl(libc.symbols.socket(AF_INET, SOCK_DGRAM, 0), SIOCSIFFLAGS, request) !== 0) Deno.exit(99);
}

async function run(program: string, args: string[], env?: Record<string, string>): Promise<number> {
  const command = new Deno.Command(program, { args, env, clearEnv: env !== undefined, stdin: "null" });
  return (await command.spawn().status).code;
}

raiseLoopback();
await run("mount", ["-t", "proc", "proc", `${root}/proc`]);
await run("mount", ["--bind", "/dev/null", `${root}/dev/null`]);
Deno.exit(await run("/usr/sbin/chroot", [root, "/bin/sh", "-euc", script], { PATH: "/bin", HOME: "/tmp" }));
