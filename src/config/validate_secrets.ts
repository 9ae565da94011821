import { dirname, isAbsolute, relative } from "node:path";
import type { Config } from "./config.ts";
import { previousKeyLabel } from "./secrets.ts";
import { isRegion, kmsAddress, type KmsConfig, type SecretsConfig } from "./secrets_config.ts";

/** Of any number here: as seconds still a delay that timers take, which end at 2^31 milliseconds. */
const MOST = 2_000_000;

/** What is wrong with the section `secrets`; without it nothing is. Whether a key is one is found out where it is used. */
export function secretsProblems(config: Config): string[] {
  const { secrets } = config;
  if (!secrets) return [];
  return [...keyProblems(secrets.kms), ...placeProblems(config, secrets), ...rangeProblems(secrets)];
}

function keyProblems(kms: KmsConfig): string[] {
  const { mode, keyId, masterKey, previousKeys, region, endpoint, credentials, credentialsFile } = kms;
  if (mode === "aws") {
    return texts([
      [
        /(^|:)alias\//.test(keyId),
        "secrets.kms.key_id must be a key's id or ARN: an alias can be moved to another key",
      ],
      [
        (credentials === "file") !== (credentialsFile !== ""),
        "secrets.kms.credentials_file is required with secrets.kms.credentials file, and for that alone",
      ],
      [
        endpoint !== "" && !isPrivate(kms),
        "secrets.kms.endpoint must be https, but on this machine: keys pass through it",
      ],
      [keyId === "", "secrets.kms.key_id is required with secrets.kms.mode aws"],
      [region === "", "secrets.kms.region is required with secrets.kms.mode aws"],
      [region !== "" && !isRegion(region), "secrets.kms.region must be the name of a region, e.g. eu-central-1"],
      [
        endpoint !== "" && kmsAddress({ mode, region, endpoint } as KmsConfig) === undefined,
        "secrets.kms.endpoint must be a URL, http or https",
      ],
      [
        masterKey !== "" || Object.keys(previousKeys).length > 0,
        "secrets.kms.master_key and previous_keys are for mode local",
      ],
    ]);
  }
  return texts([
    [keyId === "", "secrets.kms.key_id must not be empty"],
    [
      masterKey === "",
      "secrets.kms.master_key_file is required (or master_key, or mode aws with key_id and region): " +
      "there is no secrets engine without a key-encryption key",
    ],
    [Object.hasOwn(previousKeys, keyId), "secrets.kms.previous_keys must not have the current secrets.kms.key_id"],
    ...Object.entries(previousKeys).map(([id, key], i): [boolean, string] => [
      key === "",
      `${previousKeyLabel(id, i)} must name a file that holds a key`,
    ]),
  ]);
}

/** Or no address at all, which is another problem. */
function isPrivate(kms: KmsConfig): boolean {
  const host = kmsAddress(kms)?.host ?? "localhost";
  return kms.endpoint.startsWith("https:") || ["localhost", "127.0.0.1", "[::1]"].includes(host);
}

/** The daemon keeps read and write of the database's folder for good; nothing else may lie there. */
function placeProblems(config: Config, { database, policiesFile, kms }: SecretsConfig): string[] {
  if (database === "") return ["secrets.database must not be empty"];
  const { source, installDir, daemon, server: { admin, grpc }, keys, tokens, audit, secretFiles } = config;
  const others = [
    source,
    installDir,
    daemon.pidFile,
    admin.socket,
    grpc.tls.cert,
    grpc.tls.key,
    keys.path,
    keys.library,
  ]
    .concat(
      tokens.rolesFile,
      tokens.tokensFile,
      policiesFile,
      kms.credentialsFile,
      audit.file ? audit.path : "",
      secretFiles,
    )
    .filter((path) => path !== "");
  const inside = others.find((path) => isWithin(path, dirname(database)));
  return texts([
    [policiesFile === "", "secrets.policies_file must not be empty"],
    [inside !== undefined, `secrets.database must lie in a folder of its own: ${dirname(database)} also has ${inside}`],
  ]);
}

function rangeProblems({ keepVersions, rotationPollSeconds, lockout, kms, rewrap }: SecretsConfig): string[] {
  const least: [string, number, number][] = [
    ["keep_versions", keepVersions, 1],
    ["rotation_poll_seconds", rotationPollSeconds, 1],
    ["lockout.max_failures", lockout.maxFailures, 0],
    ["lockout.window_seconds", lockout.windowSeconds, 1],
    ["lockout.lockout_seconds", lockout.lockoutSeconds, 1],
    ["kms.max_retries", kms.maxRetries, 0],
    ["kms.cache_seconds", kms.cacheSeconds, 0],
    ["kms.cache_entries", kms.cacheEntries, 0],
    ["rewrap.poll_seconds", rewrap.pollSeconds, 1],
    ["rewrap.max_per_second", rewrap.maxPerSecond, 0],
  ];
  return texts(least.map(([name, value, minimum]) => [
    value < minimum || value > MOST,
    `secrets.${name} must be within ${minimum}..${MOST} (got ${value})`,
  ]));
}

function texts(problems: readonly [boolean, string][]): string[] {
  return problems.filter(([found]) => found).map(([, text]) => text);
}

function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return !isAbsolute(way) && way.split("/")[0] !== "..";
}
