import { canonicalName, parseAddress } from "#domain/secrets/mod.ts";
import { VaultError } from "#errors/mod.ts";
import type { NamedImport, PortableJson, SourceSecret } from "./portable.ts";

export interface NamingOptions {
  /** `OLD=NEW`, whole names. */
  readonly renames: readonly string[];
  /** Names that are left out. */
  readonly skips: readonly string[];
}

export interface NamedSecrets {
  readonly secrets: readonly (SourceSecret & { readonly name: string })[];
  readonly skipped: readonly string[];
}

const MAX_VALUE_BYTES = 65_536;
const MAX_TOLD = 20;

/**
 * Gives each secret of another store the name that it has here.
 *
 * @throws {VaultError} INVALID_ARGUMENT listing all that cannot be taken as it is, and the way out.
 */
export function nameSecrets(found: readonly SourceSecret[], options: NamingOptions): NamedSecrets {
  const renames = new Map(options.renames.map(pairOf)), skips = new Set(options.skips);
  const known = new Set(found.map(({ from }) => from));
  const unknown = [...renames.keys(), ...skips].find((name) => !known.has(name));
  if (unknown !== undefined) throw invalid(`there is no secret '${unknown}' to rename or skip`);
  const problems: string[] = [], taken = new Map<string, string>();
  const secrets: (SourceSecret & { name: string })[] = [];
  for (const { from, secret } of found) {
    if (skips.has(from)) continue;
    const problem = problemOf(secret);
    const address = addressOf(renames.get(from) ?? from);
    if (problem) problems.push(`'${from}' ${problem}`);
    else if (!address) problems.push(`'${from}' is no name here`);
    else if (taken.has(canonicalName(address))) {
      problems.push(`'${from}' would have the name of '${taken.get(canonicalName(address))}'`);
    } else {
      const name = canonicalName(address);
      taken.set(name, from);
      secrets.push({ from, name, secret: { ...secret, project: address.project, path: address.path } });
    }
  }
  if (problems.length > 0) throw refusal(problems);
  return { secrets, skipped: [...skips] };
}

/** Projects that can have their names here; others are made by their secrets, under the names that these get. */
export function projectsOf(projects: NamedImport["projects"]): NamedImport["projects"] {
  return projects.filter(({ name }) => addressOf(`${name}/x`)?.project === name);
}

function refusal(problems: readonly string[]): VaultError {
  const more = problems.length > MAX_TOLD ? `, and ${problems.length - MAX_TOLD} more` : "";
  return invalid(
    `${problems.length} of the secrets cannot be taken as they are: ${problems.slice(0, MAX_TOLD).join("; ")}${more} ` +
      "(give a name with --rename OLD=NEW, or leave one out with --skip OLD)",
  );
}

/** The last `=` parts them: a name here has none. */
function pairOf(text: string): [string, string] {
  const at = text.lastIndexOf("=");
  if (at < 1) throw invalid("--rename wants OLD=NEW");
  return [text.slice(0, at), text.slice(at + 1)];
}

function addressOf(name: string) {
  try {
    return parseAddress(name);
  } catch {
    return undefined;
  }
}

/** Why no vault here could hold one of its values. */
function problemOf({ versions }: PortableJson): string | undefined {
  for (const version of versions as readonly PortableJson[]) {
    for (const part of [version.value, version.username, version.password]) {
      if (part === "") return "has an empty value";
      if (typeof part === "string" && new TextEncoder().encode(part).length > MAX_VALUE_BYTES) {
        return `has a value of more than ${MAX_VALUE_BYTES} bytes`;
      }
    }
  }
  return undefined;
}

function invalid(text: string): VaultError {
  return new VaultError("INVALID_ARGUMENT", text);
}
