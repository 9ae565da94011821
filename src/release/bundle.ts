import { join } from "node:path";
import { output } from "./process.ts";
import { ReleaseTree, type ReleaseTreeOptions } from "./release_tree.ts";

/** Entry points, below src/ and below the bundle. */
export const PROGRAMS = ["main", "launch/plan"] as const;
/** Marks the chunk with esbuild's helpers, which imports node:module. */
const HELPERS = "__deno_internal_createRequire";

/**
 * Bundles the vault and the planner with all that they import into `directory`, in chunks: what a command does not use
 * is not loaded.
 *
 * @throws {Error} with the bundler's messages; it is esbuild, which Deno fetches from npm once.
 */
export function bundle(directory: string, options: ReleaseTreeOptions): void {
  using tree = new ReleaseTree(options);
  const entries = PROGRAMS.map((name) => `src/${name}.ts`);
  const flags = ["--quiet", "--platform=deno", "--code-splitting", `--outdir=${directory}`];
  output(Deno.execPath(), ["bundle", ...flags, ...entries], { cwd: tree.path });
  const files = modulesIn(directory);
  for (const path of files) dropUnusedHelpers(path, files);
  for (const path of files) {
    if (Deno.readTextFileSync(path).includes("ffi/build/")) throw new Error(`${path} looks for a source tree`);
  }
}

function modulesIn(directory: string): string[] {
  return [...Deno.readDirSync(directory)].flatMap(({ name, isDirectory }) => {
    const path = join(directory, name);
    return isDirectory ? modulesIn(path) : [path];
  });
}

/**
 * esbuild imports the chunk of its helpers into every entry point, also where none is used, and that costs each start
 * 30 ms: takes out the imports that bring no name.
 */
function dropUnusedHelpers(path: string, modules: readonly string[]): void {
  const text = Deno.readTextFileSync(path);
  const trimmed = text.replace(/^import "(\.\.?\/[^"]+)";\n/gm, (line, specifier: string) => {
    const target = modules.find((module) => module === join(path, "..", specifier));
    return target !== undefined && isHelpers(target) ? "" : line;
  });
  if (trimmed !== text) Deno.writeTextFileSync(path, trimmed);
}

function isHelpers(module: string): boolean {
  const text = Deno.readTextFileSync(module);
  return text.length < 10_000 && text.includes(HELPERS);
}
