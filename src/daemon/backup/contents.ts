import { basename, join } from "node:path";
import { parsePolicies, parseRoles, parseTokens } from "#adapters/storage/files/mod.ts";
import {
  archivePathOf,
  type Config,
  type LoadedConfig,
  NO_SECRETS,
  placeOf,
  placesOf,
  resolveConfig,
  validateForStart,
} from "#config/mod.ts";
import { parseSettings } from "#config/parse_settings.ts";
import type { Manifest } from "#domain/backup/mod.ts";
import { PolicySet } from "#domain/policies/mod.ts";
import { checkKeyPayload, readKeyEnvelope } from "#domain/fhe/mod.ts";
import { messageOf, PayloadError } from "#errors/mod.ts";

const KEYS = ["SecKey", "EncKey", "EvalKey"];

/**
 * The configuration in a backup, as it stood in the directory that was backed up.
 *
 * @throws {PayloadError} when it cannot be used, naming lines and keys, no values.
 */
export function configIn(manifest: Manifest, text: string): LoadedConfig {
  try {
    const source = join(manifest.installDir, manifest.files[0].path);
    const raw = parseSettings(text);
    const config = resolveConfig(raw, source, NO_SECRETS);
    validateUnread(config);
    return { raw, config };
  } catch (reason) {
    throw new PayloadError(`its configuration: ${messageOf(reason)}`);
  }
}

/** As validateForStart(), of a configuration whose secrets were not read: their files are among the places. */
export function validateUnread(config: Config): void {
  const { secrets } = config;
  const isLocal = secrets?.kms.mode === "local";
  validateForStart(isLocal ? { ...config, secrets: { ...secrets, kms: { ...secrets.kms, masterKey: "-" } } } : config);
}

/**
 * Whether a vault can start from these files, and whether there is none that it has no use for: who can encrypt for a
 * recipient can offer any backup, and no file of it may get to where it would be run.
 *
 * @throws {PayloadError} naming the file.
 */
export function checkContents(manifest: Manifest, config: Config): void {
  const paths = manifest.files.map(({ path }) => path);
  if (paths[0] !== archivePathOf(config.source, config)) throw new PayloadError("its first file is no configuration");
  const library = archivePathOf(config.keys.library, config);
  for (const { path, mode } of manifest.files) {
    const place = placeOf(path, config);
    if (!place || path === library || basename(path).startsWith(".")) {
      throw new PayloadError(`${path} does not belong into a backup`);
    }
    if (mode !== 0o600 && place.kind !== "certificate") {
      throw new PayloadError(`${path} is secret and has a loose mode`);
    }
  }
  for (const { path, isFolder, isOptional } of placesOf(config)) {
    const wanted = archivePathOf(path, config);
    if (!isFolder && !isOptional && !paths.includes(wanted)) throw new PayloadError(`${wanted} is missing`);
  }
  const folder = archivePathOf(join(config.keys.path, "vault-key"), config);
  for (const name of KEYS) {
    const wanted = [`${folder}/${name}.json`, `${folder}/${name}.bin`];
    if (!wanted.some((path) => paths.includes(path))) throw new PayloadError(`${wanted[0]} is missing`);
  }
}

/** The keys that a vault cannot start without. The evaluation key is passed on to clients as it is, megabytes of it. */
const CHECKED_KEY = /(?:^|\/)(SecKey|EncKey)\.(json|bin)$/;

/** Whether checkFile() has to see the whole file. */
export function isChecked(path: string, config: Config): boolean {
  const kind = placeOf(path, config)?.kind;
  return kind === "state" || (kind === "policies" && config.secrets !== undefined) ||
    (kind === "key" && CHECKED_KEY.test(path));
}

/** @throws {Error} for a file that no vault could start with; names it, quotes nothing of it. */
export function checkFile(path: string, bytes: Uint8Array, config: Config): void {
  const key = CHECKED_KEY.exec(path);
  if (placeOf(path, config)?.kind !== "key" || !key) return checkState(path, new TextDecoder().decode(bytes), config);
  const name = key[1] as "SecKey" | "EncKey";
  if (key[2] === "json") readKeyEnvelope(name, path, bytes).fill(0);
  else checkKeyPayload(name, bytes);
}

/** @throws {Error} when roles, tokens or policies cannot be read; naming file, line and field. */
function checkState(path: string, text: string, config: Config): void {
  if (placeOf(path, config)?.kind === "policies") checkPolicies(path, text);
  else if (path === archivePathOf(config.tokens.rolesFile, config)) parseRoles(text, path);
  else parseTokens(text, path);
}

/** Which roles there are is not looked at: they may be other ones by the time that a vault starts with them. */
function checkPolicies(path: string, text: string): void {
  try {
    const file = parsePolicies(text, path);
    PolicySet.compile(file, file.roles.map(({ role }) => role.text));
  } catch (reason) {
    throw new PayloadError(`${path}: ${messageOf(reason)}`, { cause: reason });
  }
}
