/**
 * `deno task package [--version vX.Y.Z] [--output DIR]`: the vault with Deno itself in one archive, for a machine of the
 * same kind that has neither Deno nor a network.
 *
 * @module
 */
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { checkRuntime } from "#daemon/runtime_check.ts";
import { type BuildValues, buildValues } from "./build_values.ts";
import { bundle } from "./bundle.ts";
import { checksumLines } from "./checksums.ts";
import { licenceTexts, npmCache, readLock } from "./dependencies.ts";
import { packageLauncher } from "./package_launcher.ts";
import { DIST, ROOT } from "./paths.ts";
import { output as run } from "./process.ts";
import { type TarEntry, tarGz } from "./tar.ts";
import { libraryFor, ownTarget, platformOf } from "./targets.ts";

/** From a bundled module, in js/ or js/launch/, to the library beside it. */
const LIBRARY_FROM_MODULE = String.raw`fileURLToPath(` +
  String.raw`import.meta.url.replace(/\/js\/(launch\/)?[^/]+$/, "/lib/libenvector.so"))`;

/** Taken as they are, from the repository's root. */
const PLAIN_FILES = {
  "LICENSE": "LICENSE",
  "README.md": "README.md",
  "DEPENDENCIES.md": "docs/DEPENDENCIES.md",
  "configs/runevault.conf.example": "runevault.conf.example",
  "configs/policies.yml.example": "policies.yml.example",
  "configs/runevault.service": "configs/runevault.service",
  "configs/com.cryptolabinc.runevault.plist": "configs/com.cryptolabinc.runevault.plist",
  "configs/prometheus/alerts.yml": "configs/prometheus/alerts.yml",
  "configs/prometheus/alerts_test.yml": "configs/prometheus/alerts_test.yml",
  "configs/grafana/runevault.json": "configs/grafana/runevault.json",
} as const;

/**
 * Makes the archive and, beside it, SHA256SUMS.
 *
 * @returns the archive's path.
 */
export async function makePackage({ values, output }: { values: BuildValues; output: string }): Promise<string> {
  checkRuntime(Deno.version.deno);
  const name = `runevault_${values.version || "dev"}_${platformOf(ownTarget())}`;
  const files = packageFiles(values);
  const sums = checksumLines(files);
  const entries = [...files, textFile("SHA256SUMS", sums)].map((file) => ({ ...file, path: `${name}/${file.path}` }));
  await Deno.mkdir(output, { recursive: true });
  const archive = join(output, `${name}.tar.gz`);
  await Deno.writeFile(`${archive}.tmp`, tarGz(entries));
  await Deno.rename(`${archive}.tmp`, archive);
  const content = await Deno.readFile(archive);
  await Deno.writeTextFile(join(output, "SHA256SUMS"), checksumLines([{ path: basename(archive), content }]));
  return archive;
}

function packageFiles(values: BuildValues): TarEntry[] {
  const plain = Object.entries(PLAIN_FILES).map(([path, source]) => file(path, `${ROOT}${source}`));
  const launcher = packageLauncher(Deno.readTextFileSync(`${ROOT}src/launch/launch.sh`));
  const files = [
    { ...textFile("bin/runevault", launcher), mode: 0o755 },
    { ...file("bin/deno", Deno.execPath()), mode: 0o755 },
    { ...file("install.sh", `${ROOT}configs/install.sh`), mode: 0o755 },
    { ...file("lib/libenvector.so", libraryFor(ownTarget())), mode: 0o755 },
    textFile("VERSION", `${values.version || "dev"} ${values.commit || "none"} ${values.date}\n`),
    textFile("THIRD_PARTY_LICENSES", licences()),
    ...plain,
    ...filesIn(`${ROOT}proto`, "proto").filter(({ path }) => path.endsWith(".proto")),
    ...bundledFiles(values),
  ];
  return files.sort((a, b) => a.path < b.path ? -1 : 1);
}

function licences(): string {
  const lock = readLock(), cache = npmCache();
  try {
    return licenceTexts(lock, cache);
  } catch {
    run(Deno.execPath(), ["install", "--quiet", "--frozen"], { cwd: ROOT }); // fetches what no command has needed yet
    return licenceTexts(lock, cache);
  }
}

function bundledFiles(values: BuildValues): TarEntry[] {
  const directory = Deno.makeTempDirSync({ prefix: "runevault-bundle-" });
  try {
    bundle(directory, { values, library: LIBRARY_FROM_MODULE });
    return filesIn(directory, "js");
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

function file(path: string, source: string): TarEntry {
  return { path, mode: 0o644, content: Deno.readFileSync(source) };
}

function textFile(path: string, text: string): TarEntry {
  return { path, mode: 0o644, content: new TextEncoder().encode(text) };
}

function filesIn(directory: string, path: string): TarEntry[] {
  return [...Deno.readDirSync(directory)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesIn(join(directory, name), `${path}/${name}`) : [file(`${path}/${name}`, join(directory, name))]
  );
}

if (import.meta.main) {
  try {
    const { values: { version, output } } = parseArgs({
      args: Deno.args,
      options: { version: { type: "string" }, output: { type: "string", default: DIST } },
    });
    const archive = await makePackage({ values: buildValues(version), output });
    const { size } = await Deno.stat(archive);
    console.log(`${archive} (${(size / 1e6).toFixed(1)} MB) and SHA256SUMS beside it`);
  } catch (error) {
    console.error(`Error: ${error instanceof Error ? error.message : String(error)}`);
    Deno.exit(1);
  }
}
