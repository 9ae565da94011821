/** Compiles and runs the C test programs of this folder, in a temporary folder that goes with them. */
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildLibrary, findCompiler, INCLUDES, run, SANITIZE, sources, WARNINGS } from "../build.ts";

export const TESTS = dirname(fileURLToPath(import.meta.url));
export const VECTORS = join(TESTS, "..", "..", "tests", "vectors", "fhe");
export const REFERENCE = join(TESTS, "..", "..", "tests", "tools", "fhe_reference.py");
const COMMON = [...WARNINGS, ...INCLUDES, `-I${TESTS}`, "-pthread"];

/** A folder that is removed with all its contents at the end of the block. */
export class WorkFolder implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "runevault-ffi-" });
  at(...names: string[]): string {
    return join(this.path, ...names);
  }
  makeFolder(name: string): string {
    Deno.mkdirSync(this.at(name));
    return this.at(name);
  }
  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

export function testSources(...names: string[]): string[] {
  return names.map((name) => join(TESTS, `${name}.c`));
}

/** What goes with library_test, the program that goes through the whole interface. */
export const LIBRARY_TEST_PARTS = [
  "golden",
  "message_refusals",
  "interface_refusals",
  "key_memory",
  "keys",
  "library_calls",
  "support",
];

export function libraryTestSources(): string[] {
  return testSources("library_test", ...LIBRARY_TEST_PARTS);
}

/** Against the finished library: whatever it does not export does not link. */
export function compileWithLibrary(output: string, programs: string[]): void {
  const library = buildLibrary();
  run(findCompiler(), [...COMMON, "-O2", ...programs, library, `-Wl,-rpath,${dirname(library)}`, "-lm", "-o", output]);
}

/** With the library's sources compiled in, and the sanitizers watching both. */
export function compileSanitized(output: string, programs: string[]): void {
  run(findCompiler(), [...COMMON, "-O1", ...SANITIZE, ...programs, ...sources(), "-lm", "-o", output]);
}

/** What decides which vector path a program takes; all other sources are the same for every path. */
const CHOICE = "vector_path";

export interface LinkOptions {
  /** An expression for RV_FORCED_PATH; absent, the machine decides. */
  path?: string;
  flags?: string[];
}

/** The library's sources and some of the tests', compiled once; each program adds its main() and choice of a path. */
export class Objects {
  readonly #compiler: string;
  readonly #flags: string[];
  readonly #objects: string[];

  constructor(folder: string, { compiler = findCompiler(), flags, shared }: ObjectOptions) {
    const inputs = [...sources().filter((source) => basename(source, ".c") !== CHOICE), ...testSources(...shared)];
    run(compiler, [...COMMON, ...flags, "-c", ...inputs], { cwd: folder });
    this.#compiler = compiler;
    this.#flags = flags;
    this.#objects = inputs.map((source) => join(folder, `${basename(source, ".c")}.o`));
  }

  /** @param program Name of the source with main(). */
  link(output: string, program: string, { path, flags = [] }: LinkOptions = {}): void {
    const choice = join(TESTS, "..", "src", `${CHOICE}.c`);
    const forced = path === undefined ? [] : [`-DRV_FORCED_PATH=${path}`];
    const inputs = [...forced, ...testSources(program), choice, ...this.#objects];
    run(this.#compiler, [...COMMON, ...this.#flags, ...flags, ...inputs, "-lm", "-o", output]);
  }
}

export interface ObjectOptions {
  compiler?: string;
  /** All flags beyond warnings and include folders. */
  flags: string[];
  /** Sources of the tests without a main(). */
  shared: string[];
}

/** The vector paths of this machine, once all of them are shown to give the same results to the last bit. */
export function agreeingPaths(objects: Objects, folder: string): string[] {
  const program = join(folder, "paths");
  objects.link(program, "paths", { path: "path_under_test" });
  const { success, stdout, stderr } = outcomeOf(program, []);
  if (!success) throw new Error(stderr);
  return stdout.trim().split("\n");
}

export interface Outcome {
  success: boolean;
  stdout: string;
  stderr: string;
}

/** Runs to the end and hands back what it printed. */
export function outcomeOf(program: string, args: string[], options: Deno.CommandOptions = {}): Outcome {
  const output = new Deno.Command(program, { ...options, args }).outputSync();
  const decoder = new TextDecoder();
  return { success: output.success, stdout: decoder.decode(output.stdout), stderr: decoder.decode(output.stderr) };
}

/** The raw payload of a key of the vectors, as the file that the library reads. */
export function writeSecretKey(path: string): void {
  const envelope = JSON.parse(Deno.readTextFileSync(join(VECTORS, "vault-key", "SecKey.json")));
  Deno.writeFileSync(path, Uint8Array.fromBase64(envelope.entries[0].key_data), { mode: 0o600 });
}
