/**
 * `docs/DEPENDENCIES.md`: every npm package that deno.lock pins, with its licence and the reason it is here. Without
 * arguments it checks the file; with `--write` it writes it.
 *
 * @module
 */
import { join } from "node:path";
import { TESTED_RUNTIME } from "#daemon/runtime_check.ts";
import { ROOT } from "./paths.ts";
import { output } from "./process.ts";

export const DEPENDENCIES_FILE = `${ROOT}docs/DEPENDENCIES.md`;

/** Why each package that our modules import is here; a new one needs a reason before the list can be written. */
const REASONS: Readonly<Record<string, string>> = {
  "@aws-sdk/client-kms": "key-encryption keys of the secrets engine in AWS KMS, loaded only when configured",
  "@bufbuild/protobuf": "messages of the gRPC services, generated from `proto/`",
  "@bufbuild/protovalidate": "checks requests against the buf.validate constraints of `proto/`",
  "@grpc/grpc-js": "the gRPC server",
  "@grpc/proto-loader": "service definitions for health and reflection",
  "@opentelemetry/api": "spans, where the operator turns tracing on",
  "@peculiar/x509": "the CA and server certificate of `runevault init`",
  "age-encryption": "backups and exports as standard age files",
  "fast-check": "property tests; no part of the vault",
  "libsodium": "XChaCha20-Poly1305, which Web Crypto and node:crypto lack, as WebAssembly",
  "prom-client": "metrics in Prometheus' text format",
  "reflect-metadata": "`@peculiar/x509` needs it loaded first",
  "yaml": "configuration and state files, with line numbers in errors",
};

/** The parts of deno.lock (version 5) that are read here. */
interface Lock {
  readonly npm?: Readonly<Record<string, { readonly dependencies?: readonly string[] }>>;
  readonly workspace?: { readonly dependencies?: readonly string[] };
}

export interface Package {
  readonly name: string;
  readonly version: string;
  /** The direct dependencies that bring it, sorted; none for a direct one. */
  readonly broughtBy: readonly string[];
}

/** A lock key, `name@version` and for some `_peer@version` after it. */
function parseKey(key: string): { name: string; version: string } {
  const [, name, version] = /^(@?[^@]+)@([^_]+)/.exec(key) ?? [];
  if (!version) throw new Error(`deno.lock: not a package: ${key}`);
  return { name, version };
}

/** All packages of a lock, sorted by name and version. */
export function packagesOf(lock: Lock): Package[] {
  const npm = lock.npm ?? {}, keys = Object.keys(npm);
  const direct = (lock.workspace?.dependencies ?? []).map((specifier) =>
    specifier.replace(/^npm:/, "").replace(/(.)@.*$/, "$1")
  );
  // A dependency is named without its version where the lock has only one of that name.
  const find = (name: string) => keys.find((key) => key === name || key.startsWith(`${name}_`)) ?? byName(keys, name);
  const broughtBy = new Map(keys.map((key) => [key, new Set<string>()]));
  for (const root of direct) {
    const queue = [byName(keys, root)], seen = new Set(queue);
    for (const key of queue) {
      broughtBy.get(key)!.add(root);
      for (const next of (npm[key].dependencies ?? []).map(find)) {
        if (!seen.has(next)) queue.push(next), seen.add(next);
      }
    }
  }
  return keys.map((key) => {
    const { name, version } = parseKey(key);
    return { name, version, broughtBy: direct.includes(name) ? [] : [...broughtBy.get(key)!].sort() };
  }).sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : a.version < b.version ? -1 : 1);
}

function byName(keys: readonly string[], name: string): string {
  const key = keys.find((key) => parseKey(key).name === name);
  if (key === undefined) throw new Error(`deno.lock has no package ${name}`);
  return key;
}

/**
 * The text of docs/DEPENDENCIES.md.
 *
 * @param licenceOf The `license` field of a package.
 * @throws {Error} for a direct dependency without a reason.
 */
export function dependenciesText(lock: Lock, licenceOf: (dependency: Package) => string): string {
  const packages = packagesOf(lock), direct = packages.filter(({ broughtBy }) => broughtBy.length === 0);
  const rows = (list: readonly Package[], why: (dependency: Package) => string) =>
    list.map((dependency) =>
      `| \`${dependency.name}\` | ${dependency.version} | ${licenceOf(dependency)} | ${why(dependency)} |\n`
    ).join("");
  return `# Dependencies

Every npm package that \`deno.lock\` pins by version and hash; the lock is frozen. Written by
\`deno run -A src/release/dependencies.ts --write\`, and a test compares it with the lock.

The vault runs on Deno ${TESTED_RUNTIME} (MIT), which also bundles it for packages. \`libenvector.so\` is our own C11 and needs libc
alone.

## Imported by our modules

| package | version | licence | why |
| --- | --- | --- | --- |
${rows(direct, ({ name }) => reasonOf(name))}
## Brought by those

| package | version | licence | brought by |
| --- | --- | --- | --- |
${rows(packages.filter(({ broughtBy }) => broughtBy.length > 0), ({ broughtBy }) => broughtBy.map(code).join(", "))}`;
}

function code(name: string): string {
  return `\`${name}\``;
}

function reasonOf(name: string): string {
  const reason = REASONS[name];
  if (reason === undefined) throw new Error(`${name} is a new dependency: say why in src/release/dependencies.ts`);
  return reason;
}

export function readLock(): Lock {
  return JSON.parse(Deno.readTextFileSync(`${ROOT}deno.lock`));
}

/** Where Deno keeps the npm packages that it has fetched. */
export function npmCache(): string {
  const { npmCache } = JSON.parse(output(Deno.execPath(), ["info", "--json"], { cwd: ROOT }));
  return join(npmCache, "registry.npmjs.org");
}

/** @throws {Error} when Deno has not fetched the package. */
export function licenceIn(cache: string): (dependency: Package) => string {
  return ({ name, version }) => {
    const path = join(cache, name, version, "package.json");
    const { license } = JSON.parse(Deno.readTextFileSync(path));
    if (typeof license !== "string") throw new Error(`${path} names no licence`);
    return license;
  };
}

/** The licence texts of all packages, which their terms want beside the bundled code. */
export function licenceTexts(lock: Lock, cache: string): string {
  return packagesOf(lock).map((dependency) => {
    const { name, version } = dependency, folder = join(cache, name, version);
    const files = [...Deno.readDirSync(folder)].map(({ name }) => name);
    const file = files.find((name) => /^(licen[cs]e|copying)(\.|$)/i.test(name));
    const text = file === undefined ? "(the package has no licence file)\n" : Deno.readTextFileSync(join(folder, file));
    return `${"=".repeat(78)}\n${name} ${version}: ${licenceIn(cache)(dependency)}\n\n${text.trim()}\n`;
  }).join("\n");
}

if (import.meta.main) {
  const text = dependenciesText(readLock(), licenceIn(npmCache()));
  if (Deno.args[0] === "--write") Deno.writeTextFileSync(DEPENDENCIES_FILE, text);
  else if (Deno.readTextFileSync(DEPENDENCIES_FILE) !== text) {
    console.error("docs/DEPENDENCIES.md does not match deno.lock: deno run -A src/release/dependencies.ts --write");
    Deno.exit(1);
  }
}
