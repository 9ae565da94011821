import { backup } from "node:sqlite";
import { VaultError } from "#errors/mod.ts";
import type { DamagedRecord, StoredVersion } from "#ports/secret_store.ts";
import { Database, IN_MEMORY, type Row } from "./database.ts";
import { projectOf, PROJECTS } from "./project_table.ts";
import { checkedFields, columnsOf, damaged, insertInto, type Table } from "./record.ts";
import { REWRAP } from "./rewrap_table.ts";
import { secretOf, SECRETS } from "./secret_table.ts";
import { MIGRATIONS } from "./schema.ts";
import { storeError } from "./sqlite_error.ts";
import { versionOf, VERSIONS, VersionTable } from "./version_table.ts";

const PRIVATE = 0o600;
/** What SQLite keeps in memory at most. */
export const MAX_STORE_CONTENT = 1024 * 1024 * 1024;

/** Parents before children. */
const TABLES: readonly { readonly table: Table; readonly check: (row: Row) => unknown }[] = [
  { table: PROJECTS, check: projectOf },
  { table: SECRETS, check: (row) => secretOf(row, String(row[1])) },
  { table: VERSIONS, check: (row) => versionOf(row, () => `version ${row[1]} of secret number ${row[0]}`) },
  { table: REWRAP, check: (row) => checkedFields(REWRAP, row, () => "the state of re-wrapping") },
];

const WITHOUT_CURRENT_VERSION = `SELECT s.name FROM secrets s
  LEFT JOIN versions v ON v.secret_id = s.id AND v.version = s.current_version AND v.expires_at IS NULL
  WHERE v.version IS NULL LIMIT 1`;

/** The mark belongs to no record, so that it is not among its columns. */
const SURPLUS = "SELECT secret_id, version FROM versions WHERE surplus = 1";
const MARK_SURPLUS = "UPDATE versions SET surplus = 1 WHERE secret_id = ? AND version = ?";

/**
 * A consistent copy as one file, without a journal beside it. Deno copies in one go: the event loop waits, 1.4 s for a
 * million secrets (400 MiB).
 */
export async function copyTo({ connection }: Database, path: string): Promise<void> {
  let isMade = false;
  try {
    Deno.openSync(path, { write: true, createNew: true, mode: PRIVATE }).close();
    isMade = true;
    await backup(connection, path);
    const copy = new Database(path);
    try {
      copy.exec("DELETE FROM lockouts; PRAGMA journal_mode = DELETE");
    } finally {
      copy.close();
    }
  } catch (reason) {
    if (isMade) removeAll(path);
    throw storeError(`cannot write the snapshot ${path}`, reason);
  }
}

/** With what SQLite writes beside it. */
function removeAll(path: string): void {
  for (const suffix of ["", "-wal", "-journal"]) {
    try {
      Deno.removeSync(path + suffix);
    } catch {
      // Not there, or not to be had: the failure that led here is told.
    }
  }
}

/** Replaces all rows by those of a snapshot in one transaction, after each was checked. */
export async function replaceBy(
  path: string,
  db: Database,
  write: (command: () => void) => Promise<void>,
  force: boolean,
): Promise<void> {
  const copy = openSnapshot(path);
  try {
    checkAll(copy);
    await write(() => {
      if (!force && db.get("SELECT 1 FROM secrets UNION ALL SELECT 1 FROM projects LIMIT 1")) {
        throw new VaultError("FAILED_PRECONDITION", "the secrets store is not empty");
      }
      for (const { table } of TABLES.toReversed()) db.run(`DELETE FROM ${table.name}`);
      for (const { table } of TABLES) copyRows(table, copy, db);
      for (const [id, version] of copy.iterate(SURPLUS)) db.run(MARK_SURPLUS, id, version);
      db.forgetIds();
    });
  } finally {
    copy.close();
  }
}

/**
 * Whether every record of a store's file can be read. A file of an older schema is brought forward.
 *
 * @param path Not in use; stays one file, without a journal beside it.
 * @throws {VaultError} INVALID_ARGUMENT when it is no store that is known here; DATA_LOSS naming the first damaged record.
 */
export function checkStoreFile(path: string): void {
  const copy = openSnapshot(path);
  try {
    checkAll(copy);
    copy.exec("PRAGMA journal_mode = DELETE");
  } finally {
    copy.close();
  }
}

/**
 * The same of a store's file that is in memory, where nothing of it reaches a disk.
 *
 * @param content At most MAX_STORE_CONTENT bytes.
 * @returns A version of each key-encryption key that there are versions of.
 */
export function checkStoreContent(content: Uint8Array): StoredVersion[] {
  const copy = opened(() => {
    if (content.length === 0) throw new VaultError("FAILED_PRECONDITION", "it is empty");
    return new Database(IN_MEMORY, MIGRATIONS, content);
  });
  try {
    checkAll(copy);
    return new VersionTable(copy).sample(1).map(undamaged);
  } finally {
    copy.close();
  }
}

function undamaged(record: StoredVersion | DamagedRecord): StoredVersion {
  if ("damage" in record) throw record.damage;
  return record;
}

function openSnapshot(path: string): Database {
  return opened(() => {
    // Database makes the file that there is not, and takes an empty one: neither is a snapshot of nothing.
    if (Deno.statSync(path).size === 0) throw new VaultError("FAILED_PRECONDITION", `${path} is empty`);
    return new Database(path);
  });
}

function opened(open: () => Database): Database {
  try {
    return open();
  } catch (reason) {
    const error = storeError("the snapshot cannot be read", reason);
    const isForeign = error.code === "FAILED_PRECONDITION";
    throw isForeign ? new VaultError("INVALID_ARGUMENT", error.message, { cause: reason }) : error;
  }
}

/** @throws {VaultError} DATA_LOSS; names the first record that is damaged. */
function checkAll(copy: Database): void {
  try {
    const [state] = copy.get("PRAGMA integrity_check(1)")!;
    if (state !== "ok") throw new VaultError("DATA_LOSS", `the snapshot is damaged: ${state}`);
    if (copy.get("PRAGMA foreign_key_check")) {
      throw new VaultError("DATA_LOSS", "the snapshot has versions of no secret");
    }
    const headless = copy.get(WITHOUT_CURRENT_VERSION)?.[0];
    if (headless !== undefined) throw damaged(`secret '${headless}'`);
    for (const { table, check } of TABLES) {
      for (const row of copy.iterate(`SELECT ${columnsOf(table)} FROM ${table.name}`)) check(row);
    }
  } catch (reason) {
    throw reason instanceof VaultError ? reason : storeError("the snapshot cannot be read", reason);
  }
}

function copyRows(table: Table, from: Database, to: Database): void {
  const insert = insertInto(table);
  for (const row of from.iterate(`SELECT ${columnsOf(table)} FROM ${table.name}`)) to.run(insert, ...row);
}
