import { type Command, GLOBAL_OPTIONS, HELP_OPTION, type Option } from "./command.ts";
import { quoted, UsageError } from "./usage_error.ts";
import { Values } from "./values.ts";

/** What a command line asks for. */
export interface ParsedArgs {
  /** From the program to the command. */
  readonly path: readonly Command[];
  readonly values: Values;
  /** `-h` was met before any mistake: nothing is to be run. */
  readonly help: boolean;
}

/**
 * Reads a command line by the rules of Python's argparse, whose texts and exit status the contract fixes (4.1, 4.2):
 * unambiguous prefixes of flags, all missing flags in one message, unknown words reported last and by the program. The
 * parsers at hand (commander, node:util) know none of these, and take `--user --role x` for a user named `--role`.
 *
 * @throws {UsageError} with argparse's texts.
 */
export function parseArgs(program: Command, args: readonly string[]): ParsedArgs {
  return new ArgumentReader(program, args).read();
}

class ArgumentReader {
  readonly #path: Command[];
  readonly #args: string[];
  readonly #values = new Values();
  readonly #unrecognized: string[] = [];

  constructor(program: Command, args: readonly string[]) {
    this.#path = [program];
    this.#args = [...args];
  }

  get #command(): Command {
    return this.#path.at(-1)!;
  }

  read(): ParsedArgs {
    let flagsEnded = false;
    for (let arg = this.#args.shift(); arg !== undefined; arg = this.#args.shift()) {
      if (flagsEnded || !looksLikeFlag(arg)) this.#takeWord(arg);
      else if (arg === "--") flagsEnded = true;
      else if (this.#takeFlag(arg) === HELP_OPTION) return { path: this.#path, values: this.#values, help: true };
    }
    this.#checkComplete();
    return { path: this.#path, values: this.#values, help: false };
  }

  #takeWord(word: string): void {
    const { commands, commandLabel } = this.#command;
    if (!commands) {
      const { words, wordCount = Infinity } = this.#command;
      const isWanted = words !== undefined && this.#values.words.length < wordCount;
      (isWanted ? this.#values.words : this.#unrecognized).push(word);
      return;
    }
    const chosen = commands.find(({ name }) => name === word);
    if (!chosen) {
      const choices = listed(commands.filter(({ isAddition }) => !isAddition).map(({ name }) => name));
      throw this.#error(`argument ${commandLabel}: invalid choice: ${quoted(word)} (choose from ${choices})`);
    }
    this.#path.push(chosen);
  }

  #takeFlag(arg: string): Option | undefined {
    const [name, inline] = splitOnce(arg, "=");
    const option = this.#match(name);
    if (!option) this.#unrecognized.push(arg);
    else if (option.metavar === undefined) this.#takeSwitch(option, inline);
    else this.#takeValue(option, inline ?? this.#nextValue());
    return option;
  }

  /** A command's own flags come before the global ones, so that none of its prefixes becomes ambiguous. */
  #match(name: string): Option | undefined {
    for (const options of [[HELP_OPTION, ...this.#command.options], GLOBAL_OPTIONS]) {
      const exact = options.find(({ flag, short }) => flag === name || short === name);
      const matches = exact ? [exact] : options.filter(({ flag }) => name.startsWith("--") && flag.startsWith(name));
      if (matches.length > 1) {
        throw this.#error(`ambiguous option: ${name} could match ${matches.map(({ flag }) => flag).join(", ")}`);
      }
      if (matches.length === 1) return matches[0];
    }
  }

  #takeSwitch({ flag }: Option, inline: string | undefined): void {
    if (inline !== undefined) throw this.#error(`argument ${flag}: ignored explicit argument ${quoted(inline)}`);
    this.#set(flag, true);
  }

  #takeValue({ flag, integer, choices, isRepeatable }: Option, text: string | undefined): void {
    if (text === undefined) throw this.#error(`argument ${flag}: expected one argument`);
    if (choices && !choices.includes(text)) {
      throw this.#error(`argument ${flag}: invalid choice: ${quoted(text)} (choose from ${listed(choices)})`);
    }
    if (isRepeatable) this.#values.add(flag, text);
    if (!integer) return this.#set(flag, text);
    const number = Number(/^\s*[+-]?\d+\s*$/.test(text) ? text : NaN);
    if (!Number.isSafeInteger(number)) throw this.#error(`argument ${flag}: invalid int value: ${quoted(text)}`);
    this.#set(flag, number);
  }

  #nextValue(): string | undefined {
    return this.#args.length > 0 && !looksLikeFlag(this.#args[0]) ? this.#args.shift() : undefined;
  }

  #set(flag: string, value: string | number | true): void {
    const { oneOf = [] } = this.#command;
    const rival = oneOf.includes(flag) && oneOf.find((other) => other !== flag && this.#values.has(other));
    if (rival) throw this.#error(`argument ${flag}: not allowed with argument ${rival}`);
    this.#values.set(flag, value);
  }

  #checkComplete(): void {
    const { commands, commandLabel, options, oneOf } = this.#command;
    const missing = commands ? [commandLabel] : this.#missing();
    if (missing.length > 0) throw this.#error(`the following arguments are required: ${missing.join(", ")}`);
    if (oneOf && !oneOf.some((flag) => this.#values.has(flag))) {
      throw this.#error(`one of the arguments ${oneOf.join(" ")} is required`);
    }
    for (const { flag, needs, notWith } of options) {
      if (notWith && this.#values.has(flag) && this.#values.has(notWith)) {
        throw this.#error(`argument ${flag}: not allowed with argument ${notWith}`);
      }
      if (needs && this.#values.has(flag) && !this.#values.has(needs)) {
        throw this.#error(`argument ${flag}: only allowed with argument ${needs}`);
      }
    }
    if (this.#unrecognized.length > 0) {
      throw new UsageError(this.#path.slice(0, 1), `unrecognized arguments: ${this.#unrecognized.join(" ")}`);
    }
  }

  #missing(): string[] {
    const { options, words, wordCount = 0 } = this.#command;
    const has = (flag: string | undefined) => flag !== undefined && this.#values.has(flag);
    const flags = options.filter(({ flag, required, requiredUnless, requiredWith }) =>
      !has(flag) && (required ? !has(requiredUnless) : has(requiredWith))
    );
    const lacksWord = words !== undefined && this.#values.words.length < wordCount;
    return [...lacksWord ? [words] : [], ...flags.map(({ flag }) => flag)];
  }

  #error(text: string): UsageError {
    return new UsageError(this.#path, text);
  }
}

function listed(choices: readonly string[]): string {
  return choices.map(quoted).join(", ");
}

/** As argparse decides it: a negative number, a lone dash and a dashed text with a blank are values. */
function looksLikeFlag(arg: string): boolean {
  const [name] = splitOnce(arg, "=");
  return /^-./s.test(name) && !/^-(\d+|\d*\.\d+)$/.test(arg) && !name.includes(" ");
}

function splitOnce(text: string, mark: string): [string, string | undefined] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + mark.length)];
}
