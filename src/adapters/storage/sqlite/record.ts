import { createHash } from "node:crypto";
import { VaultError } from "#errors/mod.ts";
import type { Cell, Row } from "./database.ts";

/** Of SHA-256; enough that no accident passes. */
const DIGEST_BYTES = 16;

/** A table whose rows end in a digest of all their fields. */
export interface Table {
  readonly name: string;
  readonly columns: readonly string[];
}

/** `a, b, digest`, to select and to insert. */
export function columnsOf({ columns }: Table, alias?: string): string {
  return [...columns, "digest"].map((column) => alias ? `${alias}.${column}` : column).join(", ");
}

export function insertInto(table: Table): string {
  const marks = Array(table.columns.length + 1).fill("?").join(", ");
  return `INSERT INTO ${table.name} (${columnsOf(table)}) VALUES (${marks})`;
}

/** Sets the named columns, and the digest; the values are those of the fields, then what `where` needs. */
export function updateOf(table: Table, columns: readonly string[], where: string): string {
  const sets = [...columns, "digest"].map((column) => `${column} = ?`).join(", ");
  return `UPDATE ${table.name} SET ${sets} WHERE ${where}`;
}

/** The values of the named columns, and the digest of all fields. */
export function updatedValues(table: Table, columns: readonly string[], fields: readonly Cell[]): Cell[] {
  checkTexts(fields);
  return [...columns.map((column) => fields[table.columns.indexOf(column)]), digestOf(table, fields)];
}

/** The fields with their digest at the end. @throws {VaultError} INVALID_ARGUMENT for a text that would not come back. */
export function withDigest(table: Table, fields: readonly Cell[]): Cell[] {
  checkTexts(fields);
  return [...fields, digestOf(table, fields)];
}

/**
 * The fields of a row without its digest.
 *
 * The digest finds what a disk has changed, in a field that authenticates no value as well; it holds off nobody who can
 * write the file.
 *
 * @throws {VaultError} DATA_LOSS when a field is not what was written.
 */
export function checkedFields(table: Table, row: Row, describe: () => string): Row {
  const fields = row.slice(0, table.columns.length), digest = row[table.columns.length];
  if (!(digest instanceof Uint8Array) || !digestOf(table, fields).equals(digest)) throw damaged(describe());
  return fields;
}

/** SQLite gives a text only up to its first zero character, and has UTF-8 alone. */
function checkTexts(fields: readonly Cell[]): void {
  for (const field of fields) {
    if (typeof field === "string" && (field.includes("\0") || !field.isWellFormed())) {
      throw new VaultError("INVALID_ARGUMENT", "a text must not contain a zero character or half a surrogate pair");
    }
  }
}

export function damaged(what: string): VaultError {
  return new VaultError("DATA_LOSS", `${what} is damaged in the store: restore it from a backup, or delete it`);
}

function digestOf({ name }: Table, fields: readonly Cell[]): Uint8Array & { equals(other: Uint8Array): boolean } {
  const hash = createHash("sha256").update(name);
  for (const field of fields) {
    if (field instanceof Uint8Array) hash.update(`B${field.length}:`).update(field);
    else hash.update(textOf(field));
  }
  return hash.digest().subarray(0, DIGEST_BYTES) as ReturnType<typeof digestOf>;
}

/** Of its own type and length, so that no two rows have the same. */
function textOf(field: Exclude<Cell, Uint8Array>): string {
  if (field === null) return "N;";
  return typeof field === "string" ? `S${field.length}:${field}` : `I${field};`;
}
