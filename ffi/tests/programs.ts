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

/** Of the program that goes through the whole interface. */
export function libraryTestSources(): string[] {
  return testSources(
    "library_test",
    "golden",
    "message_refusals",
    "interface_refusals",
    "key_memory",
    "keys",
    "support",
  );
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

export interface ClangOptions {
  /** All flags beyond warnings and include folders. */
  flags: string[];
  /** Programs of one main() each, linked with `shared`. */
  programs: string[];
  shared: string[];
}

/** Compiles the library and `shared` once, then each program with them, into `folder` under the program's name. */
export function compileWithClang(folder: string, { flags, programs, shared }: ClangOptions): void {
  const inputs = [...sources(), ...testSources(...shared)];
  const objects = inputs.map((source) => join(folder, `${basename(source, ".c")}.o`));
  for (const [i, source] of inputs.entries()) {
    run("clang", [...COMMON, ...flags.filter((flag) => flag !== "-fsanitize=fuzzer"), "-c", source, "-o", objects[i]]);
  }
  for (const program of programs) {
    run("clang", [...COMMON, ...flags, ...testSources(program), ...objects, "-lm", "-o", join(folder, program)]);
  }
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
