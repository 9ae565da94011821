import type { DuePosition, NameRange, Scanned, SecretAddress, SecretRecord } from "#ports/secret_store.ts";
import { VaultError } from "#errors/mod.ts";
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

export const SECRETS: Table = {
  name: "secrets",
  columns: [
    "id",
    "name",
    "kind",
    "format",
    "description",
    "rotation_interval",
    "grace",
    "current_version",
    "next_rotation_at",
    "created_at",
    "updated_at",
    "updated_by",
    "revision",
  ],
};

const CHANGING = SECRETS.columns.filter((column) => !["id", "name", "kind", "format", "created_at"].includes(column));
const INSERT = insertInto(SECRETS);
const UPDATE = updateOf(SECRETS, CHANGING, "id = ? AND revision = ?");
/** After every name: names are of ASCII letters, digits and `._-/`. */
const LAST = "\x7f";
const BY_NAME = `SELECT ${columnsOf(SECRETS)} FROM secrets WHERE name = ?`;
const IN_RANGE =
  `FROM secrets INDEXED BY secrets_by_name WHERE name > ? AND name >= ? AND name < ? ORDER BY name LIMIT ?`;
const NAMES = `SELECT name ${IN_RANGE}`;
/** Name and id come from the index, to go on from; all else, the name too, from the record that is checked. */
const RANGE = `SELECT k.name, ${columnsOf(SECRETS, "s")}
  FROM (SELECT name, id ${IN_RANGE}) k
  LEFT JOIN secrets s ON s.id = k.id ORDER BY k.name`;
const DUE = `SELECT k.next_rotation_at, k.id, ${columnsOf(SECRETS, "s")}
  FROM (SELECT next_rotation_at, id FROM secrets INDEXED BY secrets_due
        WHERE next_rotation_at IS NOT NULL AND next_rotation_at <= ? AND (next_rotation_at, id) > (?, ?)
        ORDER BY next_rotation_at, id LIMIT ?) k
  LEFT JOIN secrets s ON s.id = k.id ORDER BY k.next_rotation_at, k.id`;

/** Commands run in the writer's transaction. */
export class SecretTable {
  constructor(readonly db: Database) {}

  /** @throws {VaultError} ALREADY_EXISTS. */
  insert(address: SecretAddress, fields: Omit<SecretRecord, "id" | keyof SecretAddress>): SecretRecord {
    const name = nameOf(address);
    if (this.idOf(name) !== undefined) {
      throw new VaultError("ALREADY_EXISTS", `Secret 'secret:${address.project}:${address.path}' already exists`);
    }
    const secret = { ...fields, ...address, id: this.db.nextId("secrets") };
    this.db.run(INSERT, ...withChecksum(SECRETS, fieldsOf(secret)));
    return secret;
  }

  /** @throws {VaultError} ABORTED when the secret is no longer as `old` was read. */
  update(old: SecretRecord, secret: SecretRecord): void {
    const values = updatedValues(SECRETS, CHANGING, fieldsOf(secret));
    if (this.db.run(UPDATE, ...values, old.id, old.revision) === 0) throw writeConflict();
  }

  /** Its versions go with it. */
  delete(id: bigint): void {
    this.db.run("DELETE FROM secrets WHERE id = ?", id);
  }

  /** Whatever the rest of the record is. */
  idOf(name: string): bigint | undefined {
    return this.db.get("SELECT id FROM secrets WHERE name = ?", name)?.[0] as bigint | undefined;
  }

  find(address: SecretAddress): SecretRecord | undefined {
    const name = nameOf(address), row = this.db.get(BY_NAME, name);
    return row && secretOf(row, name);
  }

  list(range: NameRange): Scanned<SecretRecord, string>[] {
    const rows = this.#inRange(RANGE, range);
    return rows.map(([name, ...row]) => scanned(row, String(name), String(name)));
  }

  /** From the index alone. */
  names(range: NameRange): string[] {
    return this.#inRange(NAMES, range).map(([name]) => String(name));
  }

  /** @throws {VaultError} DATA_LOSS when a pass that goes on from the last of them would not end. */
  #inRange(sql: string, { prefix, after, limit }: NameRange): Row[] {
    const rows = this.db.all(sql, after, prefix, prefix + LAST, limit);
    const last = rows.at(-1)?.[0];
    if (last !== undefined && String(last) <= after) throw damaged("the order of the names");
    return rows;
  }

  listDue(now: number, limit: number, after: DuePosition): Scanned<SecretRecord, DuePosition>[] {
    const rows = this.db.all(DUE, now, after.nextRotationAt, after.id, limit);
    return rows.map(([nextRotationAt, id, ...row]) => {
      const name = typeof row[1] === "string" ? row[1] : `number ${id}`;
      return scanned(row, name, { nextRotationAt: Number(nextRotationAt), id: Number(id) });
    });
  }
}

/** For a secret that is no longer as it was read. */
export function writeConflict(): VaultError {
  return new VaultError("ABORTED", "write conflict; retry the request");
}

/** The canonical name. */
export function nameOf({ project, path }: SecretAddress): string {
  return `${project}/${path}`;
}

/** @throws {VaultError} DATA_LOSS when the row is not that of this name as it was written. */
export function secretOf(row: Row, name: string): SecretRecord {
  const fields = checkedFields(SECRETS, row, () => `secret '${name}'`);
  if (fields[1] !== name) throw damaged(`secret '${name}'`);
  const slash = name.indexOf("/");
  // The name was parsed before it was written, and the checksum holds.
  const address = { project: name.slice(0, slash), path: name.slice(slash + 1) } as SecretAddress;
  const [id, _name, kind, format, description, interval, grace, current, next, created, updated, by, revision] = fields;
  return {
    ...address,
    id: Number(id),
    kind: kind as SecretRecord["kind"],
    format: format as SecretRecord["format"],
    description: description as string | null,
    rotationIntervalSeconds: numberOrNull(interval),
    graceSeconds: Number(grace),
    currentVersion: Number(current),
    nextRotationAt: numberOrNull(next),
    createdAt: Number(created),
    updatedAt: Number(updated),
    updatedBy: by as string,
    revision: Number(revision),
  };
}

function scanned<Position>(row: Row, name: string, position: Position): Scanned<SecretRecord, Position> {
  try {
    return { record: secretOf(row, name), position };
  } catch (reason) {
    return { record: { name, damage: reason as Error }, position };
  }
}

function fieldsOf(secret: SecretRecord): Cell[] {
  return [
    secret.id,
    nameOf(secret),
    secret.kind,
    secret.format,
    secret.description,
    secret.rotationIntervalSeconds,
    secret.graceSeconds,
    secret.currentVersion,
    secret.nextRotationAt,
    secret.createdAt,
    secret.updatedAt,
    secret.updatedBy,
    secret.revision,
  ];
}

export function numberOrNull(cell: Cell): number | null {
  return cell === null ? null : Number(cell);
}
