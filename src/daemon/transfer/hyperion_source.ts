import { EnvelopeSealer, LocalKeys, parseMasterKey } from "#domain/sealing/mod.ts";
import { decodeUserPass } from "#domain/secrets/mod.ts";
import { messageOf, PayloadError } from "#errors/mod.ts";
import type { Sealer } from "#ports/sealer.ts";
import { jsonIn, objectIn, type PortableJson, type SourceSecret } from "./portable.ts";

export interface HyperionContents {
  readonly secrets: readonly SourceSecret[];
  /** Secrets that hyperion applied to a database by itself, which this vault does not. */
  readonly targets: readonly string[];
}

const MAX_FILE_BYTES = 256 * 1024 * 1024;
const MAX_RECORDS = 100_000;
const KEY_ID = "source";

/**
 * Reads a hyperion backup (contract secrets.md A.15, A.19) and opens every version with its local master key.
 *
 * @param keyText Of the master key: base64, with or without `base64:`; the caller wipes it.
 * @throws {PayloadError} naming the record that is wrong; quotes no value.
 */
export async function readHyperion(path: string, keyText: Uint8Array): Promise<HyperionContents> {
  const keys = new LocalKeys({ keyId: KEY_ID, keys: new Map([[KEY_ID, masterKeyIn(keyText)]]) });
  try {
    const backup = objectIn(jsonIn(await readText(path), "it"), "it");
    if (backup.version !== 1) throw new PayloadError("it is no backup of version 1");
    return await contentsOf(backup, new EnvelopeSealer({ keys }));
  } catch (reason) {
    throw new PayloadError(`${path}: ${messageOf(reason)}`, { cause: reason });
  } finally {
    keys.close();
  }
}

/** parseMasterKey() says how to make one, which is no way out where another program's key is wanted. */
function masterKeyIn(text: Uint8Array): Uint8Array {
  try {
    return parseMasterKey(text);
  } catch {
    throw new PayloadError("--master-key-file: hyperion's master key is base64 of 32 bytes, which this is not");
  }
}

async function readText(path: string): Promise<string> {
  const { size } = await Deno.stat(path);
  if (size > MAX_FILE_BYTES) throw new PayloadError(`it has more than ${MAX_FILE_BYTES} bytes`);
  return await Deno.readTextFile(path);
}

async function contentsOf(backup: PortableJson, sealer: Sealer): Promise<HyperionContents> {
  const versions = new Map<string, PortableJson[]>();
  for (const [key, record] of pairsIn(backup.versions, "versions")) {
    const name = key.split("\0")[0], list = versions.get(name) ?? [];
    list.push(recordIn(record, `a version of '${name}'`));
    versions.set(name, list);
  }
  const secrets: SourceSecret[] = [], targets: string[] = [];
  for (const [name, bytes] of pairsIn(backup.secrets, "secrets")) {
    const record = recordIn(bytes, `secret '${name}'`);
    if (record.target !== undefined && record.target !== null) targets.push(name);
    secrets.push({ from: name, secret: await secretOf(name, record, { sealer, versions: versions.get(name) ?? [] }) });
  }
  return { secrets, targets };
}

interface Source {
  readonly sealer: Sealer;
  readonly versions: readonly PortableJson[];
}

async function secretOf(name: string, record: PortableJson, { sealer, versions }: Source): Promise<PortableJson> {
  const current = integerIn(record, "current_version"), isAutomatic = record.kind === "automatic";
  const opened = [];
  for (const version of versions) {
    opened.push(await versionOf(name, version, { sealer, format: record.format, current }));
  }
  return {
    kind: record.kind,
    format: record.format,
    description: record.description,
    rotation_interval_secs: positiveOrNull(record.rotation_interval_secs),
    grace_period_secs: integerIn(record, "grace_secs"),
    next_rotation_at: isAutomatic ? record.next_rotation_at : null,
    current_version: current,
    created_at_ms: integerIn(record, "created_at") * 1000,
    updated_at_ms: integerIn(record, "updated_at") * 1000,
    updated_by: "hyperion",
    versions: opened,
  };
}

async function versionOf(
  name: string,
  record: PortableJson,
  { sealer, format, current }: { sealer: Sealer; format: unknown; current: number },
): Promise<PortableJson> {
  const version = integerIn(record, "version");
  const plaintext = await sealer.open(name, version, {
    algorithm: "xchacha20-poly1305",
    keyId: KEY_ID,
    wrappedKey: bytesIn(record.wrapped_dek, "wrapped_dek"),
    nonce: bytesIn(record.nonce, "nonce"),
    ciphertext: bytesIn(record.ciphertext, "ciphertext"),
    aad: bytesIn(record.aad, "aad"),
    wrappedRotationAt: null,
  }).catch((reason) => {
    throw new PayloadError(`${messageOf(reason)} (another master key, or a damaged backup)`, { cause: reason });
  });
  try {
    return {
      version,
      created_at_ms: integerIn(record, "created_at") * 1000,
      created_by: "hyperion",
      // A superseded version without an end is live nowhere.
      expires_at: version === current ? null : record.expires_at ?? 0,
      ...format === "userpass" ? pairIn(plaintext) : { value: textOf(plaintext) },
    };
  } finally {
    plaintext.fill(0);
  }
}

/** hyperion writes compact JSON, as this vault does. */
function pairIn(plaintext: Uint8Array): { username: string; password: string } {
  const { username, password } = decodeUserPass(plaintext);
  return { username: textOf(username), password: textOf(password) };
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

function pairsIn(value: unknown, member: string): [string, unknown][] {
  if (!Array.isArray(value)) throw new PayloadError(`its member '${member}' is no list`);
  if (value.length > MAX_RECORDS) throw new PayloadError(`it has more than ${MAX_RECORDS} ${member}`);
  return value.map((pair: unknown) => {
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== "string") {
      throw new PayloadError(`its member '${member}' is no list of names and records`);
    }
    return [pair[0], pair[1]];
  });
}

function recordIn(value: unknown, what: string): PortableJson {
  return objectIn(jsonIn(textOf(bytesIn(value, what)), what), what);
}

function bytesIn(value: unknown, what: string): Uint8Array {
  const isByte = (item: unknown) => typeof item === "number" && Number.isInteger(item) && item >= 0 && item <= 255;
  if (!Array.isArray(value) || !value.every(isByte)) throw new PayloadError(`${what} is no list of bytes`);
  return Uint8Array.from(value);
}

function integerIn(record: PortableJson, member: string): number {
  const value = record[member];
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw new PayloadError(`${member} is no integer`);
}

/** hyperion keeps any interval with a manual secret, even a negative one. */
function positiveOrNull(value: unknown): unknown {
  return typeof value === "number" && value <= 0 ? null : value;
}
