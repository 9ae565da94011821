import { DatabaseSync } from "node:sqlite";
import { openMyVaultRow, parseMyVaultKey } from "#domain/sealing/mod.ts";
import { messageOf, PayloadError } from "#errors/mod.ts";
import type { NamedImport, SourceSecret } from "./portable.ts";

type Row = Readonly<Record<string, unknown>>;

const MAX_ROWS = 100_000;
const MAX_COLUMN_BYTES = 1024 * 1024;
const SQLITE_HEAD = "SQLite format 3\0";
/** Where the header tells the journal's mode, and that of a write-ahead log. */
const MODE_AT = 18, WAL = 2;

/**
 * Reads a myVault database (contract secrets.md B.8, B.12) and opens every value with its master key. Secrets are called `project/path`.
 *
 * @param keyText Of the master key, `base64:…`.
 * @throws {PayloadError} naming the row that is wrong; quotes no value.
 */
export async function readMyVault(path: string, keyText: string): Promise<NamedImport> {
  await checkFile(path);
  const key = masterKeyIn(keyText);
  const db = new DatabaseSync(path, { readOnly: true, allowExtension: false });
  try {
    return { projects: projectsIn(db), defaultProject: defaultProjectIn(db), secrets: secretsIn(db, key) };
  } catch (reason) {
    throw reason instanceof PayloadError
      ? new PayloadError(`${path}: ${reason.message}`)
      : new PayloadError(`${path} is no database of myVault: ${messageOf(reason)}`, { cause: reason });
  } finally {
    key.fill(0);
    db.close();
  }
}

function masterKeyIn(text: string): Uint8Array {
  try {
    return parseMyVaultKey(text.trim());
  } catch (reason) {
    throw new PayloadError(`--master-key-file: ${messageOf(reason)}`, { cause: reason });
  }
}

/** A write-ahead log would have to be written to before the rest could be read. */
async function checkFile(path: string): Promise<void> {
  using file = await Deno.open(path);
  const head = new Uint8Array(20);
  const count = await file.read(head) ?? 0;
  if (count < head.length || new TextDecoder("latin1").decode(head.subarray(0, 16)) !== SQLITE_HEAD) {
    throw new PayloadError(`${path} is no SQLite file`);
  }
  if (head[MODE_AT] === WAL) {
    const text = `${path} has a write-ahead log: stop myVault, then run 'sqlite3 ${path} "PRAGMA journal_mode=DELETE"'`;
    throw new PayloadError(text);
  }
}

function projectsIn(db: DatabaseSync): NamedImport["projects"] {
  return rows(db, "SELECT name, description FROM projects ORDER BY id", "projects").map(({ name, description }) => {
    if (typeof name !== "string") throw new PayloadError("a project without a name");
    return { name, description: typeof description === "string" ? description : null };
  });
}

/** Clients take the first that has the flag (B.13). */
function defaultProjectIn(db: DatabaseSync): string | undefined {
  if (!hasColumn(db, "projects", "is_default")) return undefined; // databases before its migration lack it
  const name = db.prepare("SELECT name FROM projects WHERE is_default = 1 ORDER BY id LIMIT 1").get()?.name;
  return typeof name === "string" ? name : undefined;
}

function secretsIn(db: DatabaseSync, key: Uint8Array): SourceSecret[] {
  const created = hasColumn(db, "secrets", "created_at") ? "created_at" : "updated_at"; // as is_default
  const sql = "SELECT id, project, path, encrypted_value, encryption_iv, encryption_tag, version, " +
    `${created} AS created_at, updated_at, updated_by FROM secrets ORDER BY id`;
  return rows(db, sql, "secrets").map((row) => secretOf(row, key));
}

function hasColumn(db: DatabaseSync, table: string, column: string): boolean {
  return db.prepare("SELECT 1 FROM pragma_table_info(?) WHERE name = ?").get(table, column) !== undefined;
}

function rows(db: DatabaseSync, sql: string, what: string): Row[] {
  const found: Row[] = [];
  for (const row of db.prepare(sql).iterate()) {
    if (found.length === MAX_ROWS) throw new PayloadError(`it has more than ${MAX_ROWS} ${what}`);
    found.push(row as Row);
  }
  return found;
}

function secretOf(row: Row, key: Uint8Array): SourceSecret {
  const { id, project, path, version, updated_by } = row;
  if (typeof project !== "string" || typeof path !== "string") throw new PayloadError(`secret ${id} has no name`);
  const from = `${project}/${path}`, number = Number(version);
  try {
    if (!Number.isSafeInteger(number) || number < 1) throw new PayloadError("its version is no number from 1");
    const updated = timeOf(row.updated_at, "updated_at"), created = timeOf(row.created_at, "created_at");
    const by = typeof updated_by === "string" ? updated_by : "myvault";
    const current = { version: number, created_at_ms: updated, created_by: by, expires_at: null };
    const secret = {
      kind: "manual",
      format: "opaque",
      current_version: number,
      created_at_ms: Math.min(created, updated),
      updated_at_ms: updated,
      updated_by: by,
      versions: [{ ...current, value: valueOf(row, key) }],
    };
    return { from, secret };
  } catch (reason) {
    throw new PayloadError(`secret '${from}': ${messageOf(reason)}`);
  }
}

function valueOf({ encrypted_value, encryption_iv, encryption_tag }: Row, key: Uint8Array): string {
  const plaintext = openMyVaultRow(key, {
    encryptedValue: hexOf(encrypted_value, "encrypted_value"),
    encryptionIv: hexOf(encryption_iv, "encryption_iv"),
    encryptionTag: hexOf(encryption_tag, "encryption_tag"),
  });
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(plaintext);
  } catch {
    throw new PayloadError("its value is no UTF-8 text");
  } finally {
    plaintext.fill(0);
  }
}

/** Hexadecimal text as the code writes it, also where the column is binary; or the bytes themselves. */
function hexOf(cell: unknown, column: string): string {
  if (typeof cell !== "string" && !(cell instanceof Uint8Array)) throw new PayloadError(`${column} is missing`);
  if (cell.length > MAX_COLUMN_BYTES) throw new PayloadError(`${column} is too large`);
  if (typeof cell === "string") return cell;
  const text = new TextDecoder("latin1").decode(cell);
  return cell.length > 0 && /^(?:[0-9a-f]{2})+$/.test(text) ? text : cell.toHex();
}

/** ISO 8601 without a zone, as SQLAlchemy writes it: UTC. @returns Unix milliseconds. */
function timeOf(cell: unknown, column: string): number {
  const parts = typeof cell === "string" && /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d{1,6})?$/.exec(cell);
  const time = parts ? Date.parse(`${parts[1]}T${parts[2]}${(parts[3] ?? "").slice(0, 4)}Z`) : NaN;
  if (Number.isSafeInteger(time) && time >= 0) return time;
  throw new PayloadError(`${column} is no time`);
}
