import type { Context } from "./context.ts";

/** A flag such as `--user USER`, or a switch such as `--all`. */
export interface Option {
  readonly flag: string;
  /** The same in one letter, e.g. `-f`. */
  readonly short?: string;
  /** Name of the value in help and usage; absent: a switch. */
  readonly metavar?: string;
  readonly help: string;
  /** Refuses the command without it. */
  readonly required?: boolean;
  /** A flag which makes this one needless, though required otherwise. */
  readonly requiredUnless?: string;
  /** A flag which makes this one required. */
  readonly requiredWith?: string;
  /** A flag beside which this one is refused. */
  readonly notWith?: string;
  /** May be given several times, each time with another value. */
  readonly isRepeatable?: boolean;
  /** The value is read as a decimal integer. */
  readonly integer?: boolean;
  /** The only values that are taken. */
  readonly choices?: readonly string[];
  /** The value is a path, which a shell can complete. */
  readonly isPath?: boolean;
  /** A flag without which this one means nothing. */
  readonly needs?: string;
}

/** One entry of the command table: it parses, prints usage and help, and runs, from this alone. */
export interface Command {
  readonly name: string;
  readonly help: string;
  /** After `usage: `, as the Python original prints it, so that `--json`, which that one lacks, is left out. */
  readonly usage: string;
  /** Of a group's command: the original has none of that name, so its usage and errors, which are fixed, leave it out. */
  readonly isAddition?: boolean;
  readonly options: readonly Option[];
  /** Flags of which exactly one must be given. */
  readonly oneOf?: readonly string[];
  readonly examples?: readonly string[];
  /** Name of the free words that the command takes, in usage errors and help. */
  readonly words?: string;
  /** How many of them there must be; absent: any number. */
  readonly wordCount?: number;
  /** A group of commands; then `run` is never called. */
  readonly commands?: readonly Command[];
  /** What a missing or wrong command is called in a usage error. */
  readonly commandLabel?: string;
  /** Exit status 1 is its no: a script must not take an error for one. */
  readonly isQuestion?: boolean;
  /** Resolves with the exit status, 0 when it is undefined; an exception is printed and makes it 1, of a question 2. */
  run?(context: Context): Promise<number | void>;
}

/** Given before or after the command. */
export const GLOBAL_OPTIONS: readonly Option[] = [
  { flag: "--config", metavar: "CONFIG", help: "Path of runevault.conf", isPath: true },
  {
    flag: "--admin-socket",
    metavar: "ADMIN_SOCKET",
    help: "Admin socket to use instead of the config's",
    isPath: true,
  },
  { flag: "--timeout", metavar: "TIMEOUT", help: "How long daemon stop and restart wait (10s)" },
];

export const HELP_OPTION: Option = { flag: "--help", short: "-h", help: "show this help message and exit" };

export const JSON_OPTION: Option = { flag: "--json", help: "Print one line of JSON" };
