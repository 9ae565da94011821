import { join } from "node:path";
import type { BuildValues } from "./build_values.ts";
import { ROOT } from "./paths.ts";

/** As src/cli/build_info.ts has it. */
const BUILD_VALUES = `const BUILD = { version: "", commit: "", date: "" };`;
/** As every module has it that wants the library of a source tree. */
const LIBRARY = `fileURLToPath(new URL("../../ffi/build/libenvector.so", import.meta.url))`;
const PROGRAM = "deno task runevault";

export interface ReleaseTreeOptions {
  readonly values: BuildValues;
  /** A JavaScript expression that is, in the finished program, the path of the library that `init` copies. */
  readonly library: string;
}

/**
 * A temporary copy of the sources in which the constants that differ in a release are written out: the bundler has no
 * way to define any.
 */
export class ReleaseTree implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "runevault-release-" });

  constructor({ values, library }: ReleaseTreeOptions) {
    const replacements = new Map([
      [BUILD_VALUES, `const BUILD = ${JSON.stringify(values)};`],
      [LIBRARY, library],
      [PROGRAM, "runevault"],
    ]);
    const missing = new Set(replacements.keys());
    for (const name of ["deno.json", "deno.lock"]) Deno.copyFileSync(join(ROOT, name), join(this.path, name));
    copyModules(join(ROOT, "src"), join(this.path, "src"), (text) => {
      for (const [from, to] of replacements) {
        if (text.includes(from)) missing.delete(from);
        text = text.replaceAll(from, () => to);
      }
      return text;
    });
    if (missing.size === 0) return;
    this[Symbol.dispose]();
    throw new Error(`no module in src/ has ${[...missing].join(" or ")} any more: adapt src/release/release_tree.ts`);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

/** The modules of a program, without tests and without what makes releases. */
function copyModules(from: string, to: string, change: (text: string) => string): void {
  Deno.mkdirSync(to, { recursive: true });
  for (const { name, isDirectory } of Deno.readDirSync(from)) {
    const source = join(from, name), target = join(to, name);
    if (isDirectory && name !== "release" && name !== "testdata") copyModules(source, target, change);
    else if (name.endsWith(".ts") && !/_test\.ts$|^testing\.ts$/.test(name)) {
      Deno.writeTextFileSync(target, change(Deno.readTextFileSync(source)));
    }
  }
}
