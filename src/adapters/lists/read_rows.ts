import { extname } from "node:path";
import { messageOf, VaultError } from "#errors/mod.ts";
import { parseYaml, type YamlNode } from "../storage/files/yaml_file.ts";
import { csvRows, type Row } from "./csv_rows.ts";

const MAX_BYTES = 1024 * 1024;
const MAX_ROWS = 10_000;

/**
 * The records of a .csv file with a header, or of a .yml file that holds a list of mappings.
 *
 * @param columns The only ones allowed; each may be left out.
 * @throws {VaultError} naming file and line; quotes nothing of what stands there.
 */
export async function readRows(path: string, columns: readonly string[]): Promise<Row[]> {
  const text = await readText(path);
  const rows = parse(path, text, columns);
  if (rows.length > 0 && rows.length <= MAX_ROWS) return rows;
  throw refusal(rows.length === 0 ? `${path} lists nobody` : `${path} has more than ${MAX_ROWS} entries`);
}

function parse(path: string, text: string, columns: readonly string[]): Row[] {
  const kind = extname(path).toLowerCase();
  if (kind === ".yml" || kind === ".yaml") return yamlRows(text, path, columns);
  if (kind !== ".csv") throw refusal(`${path}: its name must end in .csv, .yml or .yaml`);
  try {
    return csvRows(text, columns);
  } catch (reason) {
    throw refusal(`${path}: ${messageOf(reason)}`);
  }
}

function yamlRows(text: string, path: string, columns: readonly string[]): Row[] {
  return parseYaml(text, path)?.items().map((item) => ({ line: item.line, values: valuesOf(item, columns) })) ?? [];
}

function valuesOf(item: YamlNode, columns: readonly string[]): Map<string, string> {
  const values = new Map<string, string>();
  for (const [key, value] of item.pairs()) {
    const name = key.text();
    if (!columns.includes(name)) throw key.fail(`expected one of ${columns.join(", ")}`);
    if (values.has(name)) throw key.fail(`${name} is there twice`);
    const text = value.isNull ? "" : value.text().trim();
    if (text !== "") values.set(name, text);
  }
  return values;
}

async function readText(path: string): Promise<string> {
  try {
    using file = await Deno.open(path);
    if ((await file.stat()).size > MAX_BYTES) throw new Error(`more than ${MAX_BYTES} bytes`);
    const bytes = new Uint8Array(MAX_BYTES + 1);
    let length = 0;
    for (let count: number | null = 0; count !== null && length < bytes.length; length += count ?? 0) {
      count = await file.read(bytes.subarray(length));
    }
    if (length > MAX_BYTES) throw new Error(`more than ${MAX_BYTES} bytes`);
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, length));
  } catch (reason) {
    const text = reason instanceof TypeError ? "not UTF-8" : messageOf(reason).replace(/(\(os error \d+\)).*/s, "$1");
    throw refusal(`read ${path}: ${text}`);
  }
}

function refusal(text: string): VaultError {
  return new VaultError("INVALID_ARGUMENT", text);
}
