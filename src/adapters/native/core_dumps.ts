const RLIMIT_CORE = 4; // the same number on Linux and macOS
const PR_SET_DUMPABLE = 4;

const symbols = {
  setrlimit: { parameters: ["i32", "buffer"], result: "i32" }, // resource, struct rlimit {soft, hard}; 0 or -1
  prctl: { parameters: ["i32", "usize", "usize", "usize", "usize"], result: "i32", optional: true }, // Linux; 0 or -1
} as const satisfies Deno.ForeignLibraryInterface;

/**
 * Keeps this process's memory out of core files and, on Linux, from every debugger of its own user: tokens, secrets and
 * data keys pass through JavaScript's heap, which nobody can wipe or lock. For good: the hard limit goes too.
 *
 * @param library Absolute path of a shared library that depends on libc: the envector library.
 * @throws {Error} when the library cannot be opened or the kernel refuses.
 */
export function forbidCoreDumps(library: string): void {
  const libc = Deno.dlopen(library, symbols);
  try {
    const { setrlimit, prctl } = libc.symbols;
    if (setrlimit(RLIMIT_CORE, new BigUint64Array(2)) !== 0) throw new Error("core files cannot be turned off");
    if (prctl && prctl(PR_SET_DUMPABLE, 0n, 0n, 0n, 0n) !== 0) throw new Error("dumping cannot be turned off");
  } finally {
    libc.close();
  }
}
