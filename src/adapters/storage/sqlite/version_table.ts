import type {
  DamagedRecord,
  NewWrapping,
  NextVersion,
  Scanned,
  SealedValue,
  SecretAddress,
  SecretRecord,
  SecretVersion,
  StoredVersion,
  VersionPosition,
  WrappingCount,
} from "#ports/secret_store.ts";
import type { Cell, Database, Row } from "./database.ts";
import {
  checkedFields,
  columnsOf,
  damaged,
  insertInto,
  type Table,
  updatedValues,
  updateOf,
  withChecksum,
} from "./record.ts";
import { nameOf, numberOrNull, secretOf, SECRETS } from "./secret_table.ts";

export const VERSIONS: Table = {
  name: "versions",
  columns: [
    "secret_id",
    "version",
    "algorithm",
    "key_id",
    "wrapped_key",
    "nonce",
    "ciphertext",
    "aad",
    "wrapped_rotation_at",
    "created_at",
    "created_by",
    "expires_at",
  ],
};

const WRAPPING = ["key_id", "wrapped_key", "wrapped_rotation_at"];
const INSERT = insertInto(VERSIONS);
/** Each sets no more than it has to: an index over a column that is set is written anew. */
const END = updateOf(VERSIONS, ["expires_at"], "secret_id = ? AND version = ?");
const REWRAP = updateOf(VERSIONS, WRAPPING, "secret_id = ? AND version = ?");
const SELECT = `SELECT ${columnsOf(VERSIONS)} FROM versions WHERE secret_id = ?`;
const VERSION = `${SELECT} AND version = ?`;
/** A secret and its current version in one look; the columns of the first, then those of the second. */
const CURRENT = `SELECT ${columnsOf(SECRETS, "s")}, ${columnsOf(VERSIONS, "v")} FROM secrets s
  LEFT JOIN versions v ON v.secret_id = s.id AND v.version = s.current_version WHERE s.name = ?`;
const NAMED = `SELECT s.name, ${columnsOf(VERSIONS, "v")} FROM versions v`;
const SCAN = `${NAMED} LEFT JOIN secrets s ON s.id = v.secret_id
  WHERE (v.secret_id, v.version) > (?, ?) ORDER BY v.secret_id, v.version LIMIT ?`;
const OF_KEY = `${NAMED} INDEXED BY versions_wrapping LEFT JOIN secrets s ON s.id = v.secret_id
  WHERE v.key_id = ? LIMIT ?`;
/** From each id to the next in the index, so that a million versions of one key are one step. */
const KEY_IDS = `WITH RECURSIVE keys(id) AS (SELECT min(key_id) FROM versions
  UNION ALL SELECT (SELECT min(key_id) FROM versions WHERE key_id > keys.id) FROM keys WHERE keys.id IS NOT NULL)
  SELECT id FROM keys WHERE id IS NOT NULL`;
/** The mark only finds them: what the secret's own row says decides. */
const PURGE = `DELETE FROM versions WHERE rowid IN (
  SELECT v.rowid FROM versions v INDEXED BY versions_surplus JOIN secrets s ON s.id = v.secret_id
  WHERE v.surplus = 1 AND v.expires_at <= ? AND v.version <= s.current_version - ? LIMIT ?)`;

/** Commands run in the writer's transaction. */
export class VersionTable {
  constructor(readonly db: Database) {}

  insert(secretId: number, version: SecretVersion): void {
    this.db.run(INSERT, ...withChecksum(VERSIONS, fieldsOf(secretId, version)));
  }

  /** Gives the current version its end, and removes or marks those that are no longer to be kept. */
  supersede(secret: SecretRecord, now: number, { expiresAt, keepVersions }: NextVersion): void {
    const { id, currentVersion } = secret;
    const current = currentOf(secret, this.db.get(VERSION, id, currentVersion));
    const fields = fieldsOf(id, { ...current, expiresAt });
    this.db.run(END, ...updatedValues(VERSIONS, ["expires_at"], fields), id, currentVersion);
    const newest = currentVersion + 1 - keepVersions;
    if (newest < 1) return;
    this.db.run(
      "DELETE FROM versions WHERE secret_id = ? AND version <= ? AND expires_at <= ?",
      id,
      newest,
      now,
    );
    this.db.run("UPDATE versions SET surplus = 1 WHERE secret_id = ? AND version <= ?", id, newest);
  }

  purge(now: number, keepVersions: number, limit: number): number {
    return this.db.run(PURGE, now, keepVersions, limit);
  }

  find(secret: SecretRecord, version: number): SecretVersion | undefined {
    if (!Number.isSafeInteger(version)) return undefined;
    const row = this.db.get(VERSION, secret.id, version);
    return row && versionOf(row, () => `secret '${nameOf(secret)}' version ${version}`);
  }

  /** A secret with its current version, which there must be. @throws {VaultError} DATA_LOSS. */
  findCurrent(address: SecretAddress): { secret: SecretRecord; version: SecretVersion } | undefined {
    const name = nameOf(address), row = this.db.get(CURRENT, name);
    if (!row) return undefined;
    const width = SECRETS.columns.length + 1; // with the checksum
    const secret = secretOf(row.slice(0, width), name);
    return { secret, version: currentOf(secret, row.slice(width)) };
  }

  /** Newest first. @param expiresAfter Only the current one and those that expire later; all without. */
  list(secret: SecretRecord, expiresAfter?: number): SecretVersion[] {
    const rows = expiresAfter === undefined ? this.db.all(`${SELECT} ORDER BY version DESC`, secret.id) : this.db.all(
      `${SELECT} AND (expires_at IS NULL OR expires_at > ?) ORDER BY version DESC`,
      secret.id,
      expiresAfter,
    );
    const versions = rows.map((row) => versionOf(row, () => `secret '${nameOf(secret)}' version ${row[1]}`));
    if (versions[0]?.version !== secret.currentVersion || versions[0].expiresAt !== null) {
      throw damaged(`secret '${nameOf(secret)}' version ${secret.currentVersion}`);
    }
    return versions;
  }

  scan(limit: number, { secretId, version }: VersionPosition): Scanned<StoredVersion, VersionPosition>[] {
    return this.db.all(SCAN, secretId, version, limit).map(storedOf);
  }

  sample(limit: number): (StoredVersion | DamagedRecord)[] {
    const rows = this.db.all(KEY_IDS).flatMap(([id]) => this.db.all(OF_KEY, id, limit));
    return rows.map((row) => storedOf(row).record);
  }

  replaceWrapping({ of, keyId, wrappedKey, wrappedRotationAt }: NewWrapping): boolean {
    const row = this.db.get(VERSION, of.secretId, of.version);
    const old = row && versionOf(row, () => `secret '${of.name}' version ${of.version}`);
    if (!old || !areEqual(old.sealed.wrappedKey, of.sealed.wrappedKey)) return false;
    const sealed = { ...old.sealed, keyId, wrappedKey, wrappedRotationAt };
    const values = updatedValues(VERSIONS, WRAPPING, fieldsOf(of.secretId, { ...old, sealed }));
    this.db.run(REWRAP, ...values, of.secretId, of.version);
    return true;
  }

  countWrappings(): WrappingCount[] {
    const rows = this.db.all(`SELECT key_id, wrapped_rotation_at, count(*) FROM versions INDEXED BY versions_wrapping
      GROUP BY key_id, wrapped_rotation_at`);
    return rows.map(([keyId, rotationAt, versions]) => ({
      keyId: String(keyId),
      wrappedRotationAt: numberOrNull(rotationAt),
      versions: Number(versions),
    }));
  }
}

/** @param row With the secret's name before its columns. */
function storedOf([name, ...row]: Row): Scanned<StoredVersion, VersionPosition> {
  const position = { secretId: Number(row[0]), version: Number(row[1]) };
  const what = () => `secret '${name ?? `number ${row[0]}`}' version ${row[1]}`;
  try {
    if (typeof name !== "string") throw damaged(what());
    return { record: { name, ...position, sealed: versionOf(row, what).sealed }, position };
  } catch (reason) {
    return { record: { name: String(name), damage: reason as Error }, position };
  }
}

function fieldsOf(secretId: number, { version, sealed, createdAt, createdBy, expiresAt }: SecretVersion): Cell[] {
  return [
    secretId,
    version,
    sealed.algorithm,
    sealed.keyId,
    sealed.wrappedKey,
    sealed.nonce,
    sealed.ciphertext,
    sealed.aad,
    sealed.wrappedRotationAt,
    createdAt,
    createdBy,
    expiresAt,
  ];
}

/** @throws {VaultError} DATA_LOSS when there is no such row, or it has an end. */
function currentOf(secret: SecretRecord, row: Row | undefined): SecretVersion {
  const describe = () => `secret '${nameOf(secret)}' version ${secret.currentVersion}`;
  const isThere = row !== undefined && row[0] !== null;
  const version = isThere ? versionOf(row, describe) : undefined;
  if (version?.version !== secret.currentVersion || version.expiresAt !== null) throw damaged(describe());
  return version;
}

export function versionOf(row: Row, describe: () => string): SecretVersion {
  const fields = checkedFields(VERSIONS, row, describe);
  const [_id, version, algorithm, keyId, wrappedKey, nonce, ciphertext, aad, rotationAt, created, by, expires] = fields;
  const sealed: SealedValue = {
    algorithm: algorithm as SealedValue["algorithm"],
    keyId: keyId as string,
    wrappedKey: wrappedKey as Uint8Array,
    nonce: nonce as Uint8Array,
    ciphertext: ciphertext as Uint8Array,
    aad: aad as Uint8Array,
    wrappedRotationAt: numberOrNull(rotationAt),
  };
  return {
    version: Number(version),
    sealed,
    createdAt: Number(created),
    createdBy: by as string,
    expiresAt: numberOrNull(expires),
  };
}

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
