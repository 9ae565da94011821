import { DatabaseSync, type StatementSync } from "node:sqlite";
import { VaultError } from "#errors/mod.ts";
import { type Migration, MIGRATIONS } from "./schema.ts";
import { storeError } from "./sqlite_error.ts";

/** `RVLT`, in the header of every file that is ours. */
const APPLICATION_ID = 0x52564c54;
const PRIVATE = 0o600;
export const IN_MEMORY = ":memory:";
/** Room for the upper levels of a million secrets; a larger one holds few leaves more and is slower to go through. */
const CACHE_KIBIBYTES = 8 * 1024;

/**
 * The lock is held as long as the file is open: a second process cannot write behind this one's back. Set before the file is
 * looked at: else the index of its WAL lies in shared memory, and each read takes and gives back a lock there.
 */
const OURS_ALONE = "PRAGMA locking_mode = EXCLUSIVE";

/** What is deleted is overwritten. The connection can load no extension and attach no other file. */
const SETTINGS = `
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
PRAGMA trusted_schema = OFF;
PRAGMA cell_size_check = ON;
PRAGMA secure_delete = ON;
PRAGMA temp_store = MEMORY;
PRAGMA journal_size_limit = 16777216;
PRAGMA cache_size = -${CACHE_KIBIBYTES};
`;

/** A value as SQLite gives it, with integers as bigint. */
export type Cell = null | bigint | number | string | Uint8Array;
export type Row = readonly Cell[];

/** Deno has this method of Node, its types do not. */
interface ArrayStatement extends StatementSync {
  setReturnArrays(enabled: boolean): void;
}

/** One open file with its prepared statements. */
export class Database {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #lastIds = new Map<string, number>();
  #changes = 0;

  /**
   * Opens the file, makes it (readable by its owner alone) when there is none, and brings its schema forward.
   *
   * @throws {VaultError} FAILED_PRECONDITION when it is another program's, from a newer runevault, or in use;
   * DATA_LOSS when it is damaged; INTERNAL when it cannot be opened.
   * @param content Of a file, to be opened in memory alone.
   */
  constructor(readonly path: string, migrations: readonly Migration[] = MIGRATIONS, content?: Uint8Array) {
    try {
      if (path !== IN_MEMORY) makePrivate(path);
      this.#db = new DatabaseSync(path, { allowExtension: false, timeout: 2000 });
    } catch (reason) {
      throw storeError(`cannot open ${path}`, reason);
    }
    try {
      if (content) this.#db.deserialize(content);
      this.#db.exec(OURS_ALONE);
      this.#check(migrations);
      this.#db.exec(SETTINGS);
      this.#migrate(migrations);
      if (path !== IN_MEMORY) flushWal(path);
    } catch (reason) {
      this.#db.close();
      throw storeError(`cannot open ${path}`, reason);
    }
  }

  /** A statement that is prepared once; give no text that was put together from values. */
  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#db.prepare(sql);
      statement.setReadBigInts(true);
      (statement as ArrayStatement).setReturnArrays(true);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  get(sql: string, ...values: Cell[]): Row | undefined {
    return this.#prepare(sql).get(...values) as unknown as Row | undefined;
  }

  all(sql: string, ...values: Cell[]): Row[] {
    return this.#prepare(sql).all(...values) as unknown as Row[];
  }

  iterate(sql: string, ...values: Cell[]): IterableIterator<Row> {
    return this.#prepare(sql).iterate(...values) as unknown as IterableIterator<Row>;
  }

  /** Returns how many rows were changed. */
  run(sql: string, ...values: Cell[]): number {
    const changes = Number(this.#prepare(sql).run(...values).changes);
    this.#changes += changes;
    return changes;
  }

  /** How many rows run() has changed since the file was opened. */
  get changes(): number {
    return this.#changes;
  }

  /** An id that no row of the table has or had; the checksum needs it before the row is there. */
  nextId(table: "projects" | "secrets"): number {
    const id = (this.#lastIds.get(table) ?? this.#lastId(table)) + 1;
    this.#lastIds.set(table, id);
    return id;
  }

  /** After rows came in that nextId() knows nothing of. */
  forgetIds(): void {
    this.#lastIds.clear();
  }

  #lastId(table: string): number {
    const used = this.all(
      `SELECT max(id) FROM ${table} UNION ALL SELECT seq FROM sqlite_sequence WHERE name = ?`,
      table,
    );
    return Math.max(0, ...used.map(([id]) => Number(id)).filter(Number.isSafeInteger));
  }

  exec(sql: string): void {
    this.#db.exec(sql);
  }

  get isInTransaction(): boolean {
    return this.#db.isTransaction;
  }

  /** For what takes a connection as such. */
  get connection(): DatabaseSync {
    return this.#db;
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }

  #pragma(name: string): number {
    return Number(this.get(`PRAGMA ${name}`)![0]);
  }

  /** Before anything is written to it. */
  #check(migrations: readonly Migration[]): void {
    const id = this.#pragma("application_id"), version = this.#pragma("user_version");
    const tables = Number(this.get("SELECT count(*) FROM sqlite_schema")![0]);
    if (id !== APPLICATION_ID && (id !== 0 || version !== 0 || tables > 0)) {
      throw new VaultError("FAILED_PRECONDITION", "it is not a secrets store of runevault");
    }
    const known = migrations.at(-1)!.version;
    if (version > known) {
      const text = `its schema is version ${version} and this runevault knows up to ${known}: run a newer runevault`;
      throw new VaultError("FAILED_PRECONDITION", text);
    }
  }

  #migrate(migrations: readonly Migration[]): void {
    const version = this.#pragma("user_version");
    const missing = migrations.filter((step) => step.version > version);
    if (missing.length === 0) return;
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      for (const { sql } of missing) this.#db.exec(sql);
      this.#db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${missing.at(-1)!.version};`);
      this.#db.exec("COMMIT");
    } catch (reason) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw reason;
    }
  }
}

/** A process that was killed in its commit may have left what it did not flush, and what is there is read from now on. */
function flushWal(path: string): void {
  using wal = Deno.openSync(`${path}-wal`, { read: true });
  wal.syncDataSync();
}

/** SQLite gives its journal the mode of the file. */
function makePrivate(path: string): void {
  Deno.openSync(path, { write: true, create: true, mode: PRIVATE }).close();
  for (const suffix of ["", "-wal", "-shm"]) {
    try {
      Deno.chmodSync(path + suffix, PRIVATE);
    } catch (reason) {
      if (!(reason instanceof Deno.errors.NotFound)) throw reason;
    }
  }
}
