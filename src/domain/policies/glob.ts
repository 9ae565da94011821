/** A pattern that can match no name at all; says what is wrong with it and quotes nothing. */
export class PatternError extends Error {
  override readonly name = "PatternError";
}

/** Longest part of a pattern; a longer one is a mistake, for no name has more bytes. */
const MAX_PART_LENGTH = 512;
/** Rows of the tables: one for each ASCII character and one for all others. */
const OTHER = 128, ROWS = OTHER + 1;
const COLON = 58;
/** What project names and paths are made of. */
const NAME_CHARACTER = /^[A-Za-z0-9._/-]$/;

/** Accepts one character of a name: the rows of the table that it takes. */
type CharacterSet = (row: number) => boolean;

interface Parsed {
  readonly sets: readonly CharacterSet[];
  /** Whether any run of characters may stand before the set with this number; the last one stands for the end. */
  readonly runs: readonly boolean[];
}

/**
 * One part of a resource pattern: `*` is any run, `?` one character, `[abc]` and `[a-c]` one of a set, `[!abc]` one out
 * of it; all else is itself. Nothing matches a colon, and the whole text must match. Case matters.
 *
 * The pattern becomes an automaton whose states are bits of a few words: each character of a text costs the same number
 * of steps, whatever it and the pattern are, so that no pattern is slow.
 */
export class Glob {
  readonly #words: number;
  /** Of each row: the states that a character of that row leads on from. */
  readonly #accepts: Int32Array;
  /** States that stay when any character but a colon comes. */
  readonly #runs: Int32Array;
  readonly #states: Int32Array;
  readonly #end: number;

  /** @throws {PatternError} */
  constructor(pattern: string) {
    const { sets, runs } = parse(pattern);
    this.#end = sets.length;
    this.#words = (this.#end >> 5) + 1;
    this.#states = new Int32Array(this.#words);
    this.#runs = new Int32Array(this.#words);
    this.#accepts = new Int32Array(ROWS * this.#words);
    runs.forEach((isRun, i) => isRun && setBit(this.#runs, 0, i));
    for (const [i, accepts] of sets.entries()) {
      for (let row = 0; row < ROWS; row++) {
        if (row !== COLON && accepts(row)) setBit(this.#accepts, row * this.#words, i);
      }
    }
  }

  matches(text: string): boolean {
    const words = this.#words, states = this.#states, runs = this.#runs, accepts = this.#accepts;
    states.fill(0);
    states[0] = 1;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === COLON) return false;
      const row = Math.min(code, OTHER) * words;
      let carry = 0, alive = 0;
      for (let word = 0; word < words; word++) {
        const moved = states[word] & accepts[row + word];
        states[word] = moved << 1 | carry | states[word] & runs[word];
        carry = moved >>> 31;
        alive |= states[word];
      }
      if (alive === 0) return false;
    }
    return (states[this.#end >> 5] >>> (this.#end & 31) & 1) === 1;
  }
}

function setBit(bits: Int32Array, offset: number, index: number): void {
  bits[offset + (index >> 5)] |= 1 << (index & 31);
}

function parse(pattern: string): Parsed {
  if (pattern.length > MAX_PART_LENGTH) throw new PatternError(`is longer than ${MAX_PART_LENGTH} characters`);
  const sets: CharacterSet[] = [], runs = [false];
  for (let at = 0; at < pattern.length; at++) {
    if (pattern[at] === "*") {
      runs[sets.length] = true;
      continue;
    }
    if (pattern[at] === "[") {
      const end = pattern.indexOf("]", at);
      if (end < 0) throw new PatternError("has a set without its end");
      sets.push(parseSet(pattern.slice(at + 1, end)));
      at = end;
    } else {
      sets.push(pattern[at] === "?" ? () => true : exactly(nameCharacter(pattern[at])));
    }
    runs.push(false);
  }
  return { sets, runs };
}

/** @param text What stands between the brackets. */
function parseSet(text: string): CharacterSet {
  const isNegated = text.startsWith("!"), body = isNegated ? text.slice(1) : text;
  if (body === "") throw new PatternError("has an empty set");
  const members = new Set<number>();
  for (let at = 0; at < body.length; at++) {
    const first = nameCharacter(body[at]);
    const isRange = body[at + 1] === "-" && at + 2 < body.length;
    const last = isRange ? nameCharacter(body[at += 2]) : first;
    if (last < first) throw new PatternError("has a set with a range that runs backwards");
    for (let code = first; code <= last; code++) members.add(code);
  }
  return (row) => members.has(row) !== isNegated;
}

function exactly(code: number): CharacterSet {
  return (row) => row === code;
}

/** A deny that holds a look-alike or a blank would match nothing, and nobody would notice. */
function nameCharacter(character: string): number {
  if (!NAME_CHARACTER.test(character)) throw new PatternError("has a character that no name has");
  return character.charCodeAt(0);
}
