/**
 * `deno task compile [--target T] [--prefix DIR] [--version vX.Y.Z] [--output DIR]`: one executable with the permissions
 * of an install in DIR built in, and the native library beside it.
 *
 * @module
 */
import { isAbsolute, join } from "node:path";
import { parseArgs } from "node:util";
import { checkRuntime } from "#daemon/runtime_check.ts";
import { type Permissions, toFlags } from "#permissions/mod.ts";
import { checkBaseBinary, denortAdvice } from "./base_binary.ts";
import { type BuildValues, buildValues } from "./build_values.ts";
import { bundle } from "./bundle.ts";
import { checksumLines } from "./checksums.ts";
import { DIST } from "./paths.ts";
import { output as run } from "./process.ts";
import { executablePermissions } from "./release_permissions.ts";
import { libraryFor, ownTarget, parseTarget, platformOf, type Target } from "./targets.ts";

/** Beside the executable. */
const LIBRARY_BESIDE_EXECUTABLE = `Deno.execPath().replace(/[^/]+$/, "libenvector.so")`;

export interface CompileOptions {
  readonly target: Target;
  readonly permissions: Permissions;
  readonly values: BuildValues;
  readonly output: string;
  /** Path of denort for the target; Deno fetches it when absent. */
  readonly denort?: string;
}

/** A folder with the executable, SHA256SUMS and, where a compiler can make it, the library. */
export interface Executable {
  readonly directory: string;
  /** Why the library is not in it. */
  readonly missingLibrary?: string;
}

/** @throws {Error} when there is no base binary, or the wrong one, or what comes out is not this vault. */
export async function compile({ target, permissions, values, output, denort }: CompileOptions): Promise<Executable> {
  checkRuntime(Deno.version.deno);
  if (denort !== undefined) checkBaseBinary(await Deno.readFile(denort), target);
  const directory = join(output, `runevault_${values.version || "dev"}_${platformOf(target)}`);
  await Deno.mkdir(directory, { recursive: true });
  const executable = join(directory, "runevault");
  try {
    compileExecutable(executable, { target, permissions, values, denort });
    if (target === ownTarget()) checkExecutable(executable, values);
  } catch (reason) {
    await Deno.remove(directory, { recursive: true });
    throw reason;
  }
  const missingLibrary = await copyLibrary(target, join(directory, "libenvector.so"));
  const names = [...Deno.readDirSync(directory)].map(({ name }) => name).filter((name) => name !== "SHA256SUMS");
  const files = names.map((path) => ({ path, content: Deno.readFileSync(join(directory, path)) }));
  await Deno.writeTextFile(join(directory, "SHA256SUMS"), checksumLines(files));
  return { directory, missingLibrary };
}

function compileExecutable(path: string, options: Omit<CompileOptions, "output">): void {
  const { target, permissions, values, denort } = options;
  const modules = Deno.makeTempDirSync({ prefix: "runevault-compile-" });
  try {
    bundle(modules, { values, library: LIBRARY_BESIDE_EXECUTABLE });
    const isolated = [
      "--quiet",
      "--no-check",
      "--no-config",
      "--no-lock",
      "--no-remote",
      "--no-npm",
      "--no-prompt",
      "--deny-import",
    ];
    const args = ["compile", ...isolated, `--target=${target}`, `--output=${path}`, ...toFlags(permissions), "main.js"];
    run(Deno.execPath(), args, { cwd: modules, env: denort === undefined ? {} : { DENORT_BIN: denort } });
  } catch (reason) {
    if (!/base binary|denort|dl\.deno\.land/i.test(String(reason))) throw reason;
    const advice = denortAdvice(target);
    throw new Error(`Deno's base binary, denort, is not here and could not be fetched. ${advice}`, { cause: reason });
  } finally {
    Deno.removeSync(modules, { recursive: true });
  }
}

/** @throws {Error} when it does not say, without any help, that it is this build. */
function checkExecutable(path: string, values: BuildValues): void {
  let said: string;
  try {
    said = run(path, ["version", "--json"]);
  } catch (reason) {
    throw new Error("what was built is not runevault: is DENORT_BIN really denort?", { cause: reason });
  }
  const { commit, built } = JSON.parse(said.startsWith("{") ? said : "{}");
  if (built !== values.date || commit !== (values.commit || "none")) {
    throw new Error(`what was built is not this build of runevault: it says ${JSON.stringify(said.slice(0, 200))}`);
  }
}

/** @returns why there is none. */
async function copyLibrary(target: Target, path: string): Promise<string | undefined> {
  try {
    await Deno.copyFile(libraryFor(target), path);
  } catch (reason) {
    return reason instanceof Error ? reason.message : String(reason);
  }
}

async function main(args: string[]): Promise<void> {
  const { values: { target, prefix, version, output } } = parseArgs({
    args,
    options: {
      target: { type: "string", default: ownTarget() },
      prefix: { type: "string", default: "/opt/rune-vault" },
      version: { type: "string" },
      output: { type: "string", default: DIST },
    },
  });
  if (!isAbsolute(prefix)) throw new Error(`--prefix ${prefix} is not an absolute path`);
  const permissions = await executablePermissions(prefix.replace(/(.)\/+$/, "$1"));
  const denort = Deno.env.get("DENORT_BIN") || undefined;
  const options = { target: parseTarget(target), permissions, values: buildValues(version), output, denort };
  const { directory, missingLibrary } = await compile(options);
  console.log(`${directory}/runevault for an install in ${prefix}, with\n  ${toFlags(permissions).join("\n  ")}`);
  console.log(`Put it and libenvector.so into ${prefix}/bin: it may read nothing outside ${prefix}.`);
  if (missingLibrary !== undefined) console.error(`Warning: no library in it. ${missingLibrary}`);
}

if (import.meta.main) {
  try {
    await main(Deno.args);
  } catch (error) {
    console.error(`Error: ${error instanceof Error ? error.message : String(error)}`);
    Deno.exit(1);
  }
}
