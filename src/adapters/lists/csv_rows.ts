/** One record of a list that people keep in a file. */
export interface Row {
  /** Where it begins, from 1. */
  readonly line: number;
  /** By column; an empty field is absent. */
  readonly values: ReadonlyMap<string, string>;
}

interface Record {
  readonly line: number;
  readonly fields: readonly string[];
}

/**
 * Reads comma-separated values as RFC 4180 has them, the first record naming the columns.
 *
 * @throws {Error} naming the line; quotes nothing of the file.
 */
export function csvRows(text: string, columns: readonly string[]): Row[] {
  const [header, ...records] = recordsIn(text);
  if (!header) throw new Error(`line 1: expected the header ${columns.join(",")}`);
  const names = header.fields.map((name) => name.trim());
  const wrong = names.findIndex((name, i) => !columns.includes(name) || names.indexOf(name) !== i);
  if (wrong >= 0) {
    throw new Error(`line ${header.line}: column ${wrong + 1} of the header is not one of ${columns.join(", ")}`);
  }
  return records.map(({ line, fields }) => {
    if (fields.length !== names.length) {
      throw new Error(`line ${line}: ${fields.length} fields, the header has ${names.length}`);
    }
    const values = names.map((name, i) => [name, fields[i].trim()] as const).filter(([, value]) => value !== "");
    return { line, values: new Map(values) };
  });
}

/** Lines without anything are left out. */
function recordsIn(text: string): Record[] {
  const records: Record[] = [];
  const cell = /(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r?\n|$)/y;
  let fields: string[] = [], line = 1, start = 1;
  cell.lastIndex = text.startsWith("\ufeff") ? 1 : 0;
  while (cell.lastIndex < text.length || fields.length > 0) {
    const match = cell.exec(text);
    if (!match) throw new Error(`line ${line}: a quotation mark is missing, or has no comma behind it`);
    const [whole, quoted, plain, end] = match;
    fields.push(quoted?.replaceAll('""', '"') ?? plain);
    line += whole.split("\n").length - 1;
    if (end === ",") continue;
    if (fields.length > 1 || fields[0] !== "") records.push({ line: start, fields });
    fields = [];
    start = line;
  }
  return records;
}
