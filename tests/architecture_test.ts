import assert from "node:assert/strict";
import { ROOT } from "./support/paths.ts";
import { run } from "./support/test_vault.ts";

/** Which part of src/ may import which; domain and adapters meet in daemon/ alone. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  ports: ["errors"],
  config: ["errors"],
  domain: ["ports", "errors"],
  adapters: ["ports", "errors"],
  edge: ["domain", "ports", "errors"],
  permissions: ["config", "edge", "adapters"],
  daemon: ["edge", "domain", "adapters", "ports", "config", "permissions", "errors"],
  cli: ["daemon", "edge", "config", "permissions", "errors"],
  launch: ["cli", "config", "permissions"],
  release: ["adapters", "config", "daemon", "permissions"],
  "main.ts": ["cli"],
};

interface ModuleGraph {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly { code?: { specifier?: string }; type?: { specifier?: string } }[];
  }[];
}

const SOURCE = new URL("../src/", import.meta.url).href;
const partOf = (specifier: string) => specifier.slice(SOURCE.length).split("/")[0];

async function importsOf(entry: string): Promise<{ from: string; to: string }[]> {
  const { stdout } = await run(Deno.execPath(), ["info", "--json", `${ROOT}${entry}`]);
  const { modules }: ModuleGraph = JSON.parse(stdout);
  return modules.filter(({ specifier }) => specifier.startsWith(SOURCE)).flatMap(({ specifier, dependencies = [] }) =>
    dependencies.flatMap(({ code, type }) => [code?.specifier, type?.specifier])
      .filter((target) => target?.startsWith(SOURCE))
      .map((target) => ({ from: specifier.slice(SOURCE.length), to: target!.slice(SOURCE.length) }))
  );
}

for (const entry of ["src/main.ts", "src/launch/plan.ts", "src/release/package.ts", "src/release/compile.ts"]) {
  Deno.test(`imports below ${entry} point one way`, async () => {
    const edges = await importsOf(entry);
    assert.ok(edges.length > 10);
    const wrong = edges.filter(({ from, to }) => {
      const [source, target] = [SOURCE + from, SOURCE + to].map(partOf);
      return source !== target && !MAY_IMPORT[source]?.includes(target);
    });
    assert.deepEqual(wrong, []);
  });
}

/** Tasks that build or test; all else runs with scoped permissions. */
const BUILD_TASKS = ["build", "demo", "test", "bench", "compile", "package"];
const BROAD = /(^|[\s"'])(-A|--allow-all|--allow-(net|read|write|run|env|sys|ffi|import))(?=[\s"',]|$)/;

Deno.test("nothing but tests and builds asks for a permission without a limit", async () => {
  const { stdout } = await run("git", ["-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard"]);
  const isExempt = (file: string) => /^(tests|ffi|src\/release)\/|_test\.ts$|\/testing\.ts$|testdata\//.test(file);
  const files = stdout.trim().split("\n").filter((file) =>
    !isExempt(file) && /\.(ts|sh|json|service|plist|md)$|run$/.test(file)
  );
  assert.ok(files.length > 100);
  const broad = files.filter((file) => file !== "deno.json").flatMap((file) =>
    Deno.readTextFileSync(ROOT + file).split("\n").filter((line) =>
      BROAD.test(line) && !/^\s*(\/?\*|\/\/|#)|src\/release\//.test(line)
    )
      .map((line) => `${file}: ${line}`)
  );
  assert.deepEqual(broad, []);
  const { tasks } = JSON.parse(Deno.readTextFileSync(`${ROOT}deno.json`));
  const names = Object.keys(tasks).filter((name) => BROAD.test(tasks[name].command ?? tasks[name]));
  assert.deepEqual(names.filter((name) => !BUILD_TASKS.includes(name)), []);
});
