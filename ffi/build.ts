/**
 * Compiles the native library: `deno task build`, or with `--target` for another Linux, with `--sanitize` for tests.
 * A library that is newer than all of its sources is left alone.
 */
import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const FFI = dirname(fileURLToPath(import.meta.url));
const COMPILERS = ["cc", "gcc", "clang"];
const TARGETS = ["x86_64-linux-gnu", "aarch64-linux-gnu"] as const;
export type Target = (typeof TARGETS)[number];

export const WARNINGS = ["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror"];
export const INCLUDES = [`-I${join(FFI, "include")}`, `-I${join(FFI, "src")}`];
/** No frame pointer may be omitted and no finding survived: what every sanitized program of ours is built with. */
export const SANITIZE = [
  "-fsanitize=address,undefined",
  "-fno-sanitize-recover=all",
  "-fno-omit-frame-pointer",
  "-g",
];
const HARDEN = ["-fstack-protector-strong", "-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2"];
const LINK = Deno.build.os === "darwin" ? [] : ["-Wl,-z,relro,-z,now,-z,noexecstack", "-Wl,--no-undefined"];

export interface BuildOptions {
  /** Machine to compile for; this one if absent. */
  target?: Target;
  sanitize?: boolean;
  /** Where libenvector.so goes; ffi/build/ or a folder in it by default. */
  directory?: string;
}

/** The C sources of the library, in a fixed order. */
export function sources(): string[] {
  const names = [...Deno.readDirSync(join(FFI, "src"))].map((entry) => entry.name);
  return names.filter((name) => name.endsWith(".c")).sort().map((name) => join(FFI, "src", name));
}

function exists(program: string): boolean {
  const folders = program.includes("/") ? [""] : (Deno.env.get("PATH") ?? "").split(":");
  return folders.some((folder) => statSync(join(folder, program), { throwIfNoEntry: false })?.isFile());
}

/** @returns the name of the first of these programs on the PATH. */
export function findProgram(...programs: string[]): string | undefined {
  return programs.find(exists);
}

/** @throws {Error} without any compiler, with what to install. */
export function findCompiler(target?: Target): string {
  const crossing = target !== undefined && !target.startsWith(Deno.build.arch);
  const chosen = crossing ? undefined : Deno.env.get("CC");
  const candidates = crossing ? [`${target}-gcc`] : COMPILERS;
  const compiler = chosen ? chosen : findProgram(...candidates);
  if (compiler !== undefined) return compiler;
  const packages = crossing ? `gcc-${target.replace("x86_64", "x86-64")}` : "gcc libc6-dev";
  throw new Error(
    `no C compiler found (tried ${candidates.join(", ")}). Install one: sudo apt-get install ${packages}`,
  );
}

/** @throws {Error} with the program's own messages if it fails. */
export function run(program: string, args: string[], { cwd }: { cwd?: string } = {}): void {
  const { success, stderr } = new Deno.Command(program, { args, cwd, stdout: "null" }).outputSync();
  if (!success) throw new Error(`${program} failed:\n${new TextDecoder().decode(stderr)}`);
}

function modifiedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? -Infinity;
}

/** Headers and this script count as sources: they shape the library as much as the C files do. */
function isCurrent(library: string): boolean {
  const inputs = ["src", "include"].flatMap((folder) =>
    [...Deno.readDirSync(join(FFI, folder))].map(({ name }) => join(FFI, folder, name))
  );
  const builtAt = modifiedAt(library);
  return [...inputs, fileURLToPath(import.meta.url)].every((input) => modifiedAt(input) < builtAt);
}

function defaultDirectory({ target, sanitize }: BuildOptions): string {
  const variant = [target, sanitize ? "sanitize" : undefined].filter((part) => part !== undefined).join("-");
  return join(FFI, "build", variant);
}

function compile(library: string, { target, sanitize }: BuildOptions): void {
  // Renamed into place when complete: builds run in parallel, and a running daemon may have the old file mapped.
  const unfinished = `${library}.${Deno.pid}.${crypto.randomUUID()}.tmp`;
  const mode = sanitize ? SANITIZE : HARDEN;
  const flags = ["-O3", "-fPIC", "-shared", "-fvisibility=hidden", "-pthread", ...mode, ...LINK];
  // The sanitizers' run time is found when the program starts, so a sanitized library has undefined symbols.
  const used = sanitize ? flags.filter((flag) => flag !== "-Wl,--no-undefined") : flags;
  try {
    run(findCompiler(target), [...WARNINGS, ...used, ...INCLUDES, ...sources(), "-o", unfinished]);
    Deno.renameSync(unfinished, library);
  } catch (error) {
    if (modifiedAt(unfinished) > -Infinity) Deno.removeSync(unfinished);
    throw error;
  }
}

/**
 * @returns the path of libenvector.so, compiled if any source is newer.
 * @throws {Error} without a compiler, or with its messages.
 */
export function buildLibrary(options: BuildOptions = {}): string {
  const directory = options.directory ?? defaultDirectory(options);
  const library = join(directory, "libenvector.so");
  if (isCurrent(library)) return library;
  Deno.mkdirSync(directory, { recursive: true });
  compile(library, options);
  return library;
}

/** @throws {Error} on anything but `--sanitize` and `--target` with a target that we know. */
export function parseArguments(args: string[]): BuildOptions {
  const options: BuildOptions = {};
  for (let i = 0; i < args.length; i++) {
    const target = TARGETS.find((name) => args[i] === "--target" && name === args[i + 1]);
    if (args[i] === "--sanitize") options.sanitize = true;
    else if (target !== undefined) options.target = target, i++;
    else throw new Error(`usage: build.ts [--target ${TARGETS.join("|")}] [--sanitize]`);
  }
  return options;
}

if (import.meta.main) {
  try {
    buildLibrary(parseArguments(Deno.args));
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    Deno.exit(1);
  }
}
