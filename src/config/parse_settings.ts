import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { ConfigError } from "./config_error.ts";
import {
  expectedInstead,
  isSection,
  isSetting,
  type RawConfig,
  type SettingName,
  SWITCHING_SECTIONS,
} from "./settings.ts";

/**
 * Reads the text of a runevault.conf into its settings.
 *
 * @throws {ConfigError} not YAML, an unknown or repeated key, a value of the wrong type: the line and the key, never a value.
 */
export function parseSettings(text: string): RawConfig {
  const lines = new LineCounter();
  // Own messages and no excerpt: the library's would quote the line, which may hold a secret.
  // The library's own check for repeated keys takes time quadratic in their number; the walk below checks them too.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault) {
    const { line, col } = lines.linePos(fault.pos[0]);
    throw new ConfigError(
      `line ${line}, column ${col}: invalid YAML (${fault.code.toLowerCase().replaceAll("_", " ")})`,
    );
  }
  const root = document.contents;
  if (root === null || isScalar(root) && root.value === null) return {};
  return new SettingsReader(document, lines).read(root);
}

/** Walks known keys only, so that aliases which multiply ("billion laughs") or point at themselves cost nothing. */
class SettingsReader {
  readonly #settings: Record<string, unknown> = {};

  constructor(readonly document: Document, readonly lines: LineCounter) {}

  read(root: Node): RawConfig {
    if (!isMap(root)) throw this.#error(root, `expected a mapping of keys, found ${describe(root)}`);
    this.#readMap(root, "");
    return this.#settings as RawConfig;
  }

  #readMap(map: YAMLMap, prefix: string): void {
    const seen = new Set<string>();
    for (const { key, value } of map.items) {
      const name = this.#keyOf(key as Node, prefix);
      if (seen.has(name)) throw this.#error(key as Node, `duplicate key ${quote(name)}`);
      seen.add(name);
      if (SWITCHING_SECTIONS.includes(name)) this.#settings[name] = true;
      const node = this.#follow((value ?? key) as Node);
      if (value === null || isScalar(node) && node.value === null) continue;
      if (isSetting(name)) this.#settings[name] = this.#valueOf(name, node);
      else if (isMap(node)) this.#readMap(node, `${name}.`);
      else throw this.#error(node, `${name}: expected a mapping of keys, found ${describe(node)}`);
    }
  }

  #keyOf(key: Node, prefix: string): string {
    const text = isScalar(key) && typeof key.value === "string" ? key.value : "(not a name)";
    const name = prefix + text;
    if (text.includes(".") || !(isSetting(name) || isSection(name))) {
      throw this.#error(key, `unknown key ${quote(name)}`);
    }
    return name;
  }

  #valueOf(name: SettingName, node: Node): unknown {
    const value = this.#plainOf(node);
    const expected = expectedInstead(name, value);
    if (expected === undefined) return value;
    const advice = expected === "a string" && isScalar(node) ? "; put it in quotes" : "";
    throw this.#error(node, `${name}: expected ${expected}, found ${describe(node)}${advice}`);
  }

  /** A scalar's value; of a list or mapping the values one level down, where what is no scalar stays a node. */
  #plainOf(node: Node): unknown {
    if (isScalar(node)) return node.value;
    if (isSeq(node)) return this.#itemsOf(node);
    return isMap(node) ? this.#entriesOf(node) : node;
  }

  #entriesOf(map: YAMLMap): Record<string, unknown> {
    const entries = new Map<string, unknown>();
    for (const { key, value } of map.items) {
      const name = isScalar(key) && typeof key.value === "string" ? key.value : undefined;
      if (name === undefined) throw this.#error(key as Node, "expected a name that is a string; put it in quotes");
      if (entries.has(name)) throw this.#error(key as Node, `duplicate key ${quote(name)}`);
      const node = this.#follow((value ?? key) as Node);
      entries.set(name, value !== null && isScalar(node) ? node.value : node);
    }
    return Object.fromEntries(entries);
  }

  #itemsOf(list: YAMLSeq): unknown[] {
    return list.items.map((item) => {
      const node = this.#follow(item as Node);
      return isScalar(node) ? node.value : node;
    });
  }

  #follow(node: Node): Node {
    if (!isAlias(node)) return node;
    const target = node.resolve(this.document);
    if (target === undefined) throw this.#error(node, "alias without an anchor");
    return target;
  }

  #error(node: Node, text: string): ConfigError {
    return new ConfigError(`line ${this.lines.linePos(node.range?.[0] ?? 0).line}: ${text}`);
  }
}

function describe(node: Node): string {
  if (isSeq(node)) return "a list";
  if (isMap(node)) return "a mapping";
  const value = isScalar(node) ? node.value : undefined;
  if (typeof value === "number" || typeof value === "bigint") return "a number";
  if (typeof value === "boolean") return "true or false";
  return typeof value === "string" ? "a string" : "something else";
}

/** A key may be a misplaced value of any length and content: it is shortened, and its control characters are escaped. */
function quote(name: string): string {
  return JSON.stringify(name.length > 64 ? `${name.slice(0, 64)}…` : name);
}
