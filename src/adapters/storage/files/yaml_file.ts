/**
 * YAML of a fixed schema, read so that nothing in the file can surprise: every scalar is taken as the text that was
 * written, aliases and tags are refused, and errors name file, line and field but never quote what stands there, for it
 * may be a token.
 *
 * @module
 */
import { type Document, isMap, isScalar, isSeq, LineCounter, type ParsedNode, parseDocument, Scalar } from "yaml";

/** What errors call the file, e.g. `tokens file /opt/rune-vault/configs/tokens.yml`. */
export type FileLabel = string;

interface Source {
  readonly label: FileLabel;
  readonly lines: LineCounter;
}

/** Parses one document; undefined when it is empty or null. */
export function parseYaml(text: string, label: FileLabel): YamlNode | undefined {
  const lines = new LineCounter();
  const document = parsed(text, lines, label);
  const problem = document.errors[0] ?? document.warnings[0];
  // Only the code: the library's messages quote the file.
  if (problem) throw failure(label, lines.linePos(problem.pos[0]).line, `not valid YAML (${problem.code})`);
  if (!document.contents) return undefined;
  const root = new YamlNode({ label, lines }, document.contents, "");
  return root.isNull ? undefined : root;
}

function parsed(text: string, lineCounter: LineCounter, label: FileLabel): Document.Parsed {
  try {
    // uniqueKeys compares each key with each other one; fields() finds doubles in linear time instead.
    return parseDocument(text, { schema: "failsafe", prettyErrors: false, uniqueKeys: false, lineCounter });
  } catch (reason) {
    if (reason instanceof RangeError) throw failure(label, 1, "nested too deeply");
    throw failure(label, 1, "not valid YAML");
  }
}

function failure(label: FileLabel, line: number, reason: string): Error {
  return new Error(`parse ${label}: line ${line}: ${reason}`);
}

/** One value in the file, with its place and its name in the schema. */
export class YamlNode {
  readonly #source: Source;
  readonly #node: ParsedNode | null;
  readonly #path: string;
  readonly #offset: number;

  constructor(source: Source, node: ParsedNode | null, path: string, offset = node?.range[0] ?? 0) {
    this.#source = source;
    this.#node = node;
    this.#path = path;
    this.#offset = offset;
  }

  /** Nothing, `~` or an unquoted `null`. */
  get isNull(): boolean {
    return this.#node === null || (this.#plain !== undefined && /^(?:~|null|Null|NULL)?$/.test(this.#plain));
  }

  /** Where it stands, from 1. */
  get line(): number {
    return this.#source.lines.linePos(this.#offset).line;
  }

  fail(reason: string): Error {
    return failure(this.#source.label, this.line, this.#path ? `${this.#path}: ${reason}` : reason);
  }

  /** The text of a scalar of any YAML type as it was written: `1e3`, `yes` and `2026-01-01` are names and dates here. */
  text(): string {
    const node = this.#node;
    if (!isScalar(node) || this.isNull) throw this.fail("must be a string");
    return node.source ?? String(node.value);
  }

  integer(): number {
    const value = /^[-+]?[0-9]+$/.test(this.#plain ?? "") ? Number(this.#plain) : NaN;
    if (!Number.isSafeInteger(value)) throw this.fail("must be an integer");
    return value;
  }

  items(): YamlNode[] {
    if (!isSeq(this.#node)) throw this.fail("must be a list");
    return this.#node.items.map((item, i) => this.#child(item as ParsedNode, `${this.#path}[${i}]`));
  }

  /** The pairs of a mapping whose keys are chosen by people; the path of a value counts instead of quoting the key. */
  pairs(): [YamlNode, YamlNode][] {
    if (!isMap(this.#node)) throw this.fail("must be a mapping");
    return this.#node.items.map(({ key, value }, i) => {
      const name = this.#child(key as ParsedNode, `${this.#path}[${i}]`);
      return [name, this.#child(value as ParsedNode | null, `${this.#path}[${i}]`, name.#offset)];
    });
  }

  /**
   * The fields of a mapping whose keys the schema fixes.
   *
   * @param options.only Refuses other fields; otherwise they are allowed, for later versions may add some.
   */
  fields(names: readonly string[], { only = false } = {}): Map<string, YamlNode> {
    const fields = new Map<string, YamlNode>();
    for (const [key, value] of this.pairs()) {
      const name = key.text();
      if (!names.includes(name)) {
        if (only) throw key.fail(`unknown field (allowed: ${names.join(", ")})`);
        continue;
      }
      const path = this.#path ? `${this.#path}.${name}` : name;
      if (fields.has(name)) throw key.fail(`${name} is there twice`);
      fields.set(name, this.#child(value.#node, path, value.#offset));
    }
    return fields;
  }

  get #plain(): string | undefined {
    return isScalar(this.#node) && this.#node.type === Scalar.PLAIN ? this.#node.source : undefined;
  }

  #child(node: ParsedNode | null, path: string, offset?: number): YamlNode {
    return new YamlNode(this.#source, node, path, node?.range?.[0] ?? offset);
  }
}
