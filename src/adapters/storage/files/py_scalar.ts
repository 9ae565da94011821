/**
 * Strings as PyYAML's default dump writes them in block context, so that a file keeps its look whoever wrote it last.
 * Rules: PyYAML 6 emitter.py (analyze_scalar, choose_scalar_style) and resolver.py.
 *
 * Two differences, equal for every reader: a long string is never folded over several lines, and one with line breaks is
 * double-quoted instead of spread out in single quotes.
 *
 * @module
 */

/** Texts that YAML 1.1 would read back as a boolean, number, null, date, merge key or value key. */
const RESOLVES_TO_OTHER_TYPE = [
  /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/,
  /^(?:~|null|Null|NULL|<<|=)?$/,
  /^[-+]?(?:0b[01_]+|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|[1-9][0-9_]*(?::[0-5]?[0-9])+)$/,
  /^[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?$/,
  /^\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?$/,
  /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*$/,
  /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
  /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/,
  /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?$/,
];

/** Texts whose marks a reader would take for structure: document markers, indicators, comments, mappings, edge spaces. */
const LOOKS_LIKE_STRUCTURE = /^(?:---|\.\.\.)|^[#,[\]{}&*!|>'"%@`]|^[-?:](?: |$)|:(?: |$)| #|^ | $/;

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

const NAMED_ESCAPES: Record<string, string> = {
  "\0": "\\0",
  "\x07": "\\a",
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\v": "\\v",
  "\f": "\\f",
  "\r": "\\r",
  "\x1b": "\\e",
  '"': '\\"',
  "\\": "\\\\",
  "\x85": "\\N",
  "\xa0": "\\_",
  "\u2028": "\\L",
  "\u2029": "\\P",
};

/** The scalar with its quotes: plain where possible, else in single quotes, else in double quotes with escapes. */
export function pyScalar(text: string): string {
  if (!PRINTABLE_ASCII.test(text)) return `"${text.replace(/[^\x20-\x7e]|["\\]/gu, escape)}"`;
  if (LOOKS_LIKE_STRUCTURE.test(text) || RESOLVES_TO_OTHER_TYPE.some((type) => type.test(text))) {
    return `'${text.replaceAll("'", "''")}'`;
  }
  return text;
}

function escape(character: string): string {
  const code = character.codePointAt(0)!;
  const hex = code.toString(16).toUpperCase();
  if (code > 0xffff) return `\\U${hex.padStart(8, "0")}`;
  return NAMED_ESCAPES[character] ?? (code > 0xff ? `\\u${hex.padStart(4, "0")}` : `\\x${hex.padStart(2, "0")}`);
}
