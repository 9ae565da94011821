import { resolve } from "node:path";
import type { Option } from "./command.ts";
import type { Context } from "./context.ts";

const SHORT_PASSPHRASE = 16;

export const PASSPHRASE_OPTION: Option = {
  flag: "--passphrase-file",
  metavar: "FILE",
  help: "File with the passphrase",
  isPath: true,
};

export const IDENTITY_OPTION: Option = {
  flag: "--identity-file",
  metavar: "FILE",
  help: "age identity file (AGE-SECRET-KEY-1...)",
  isPath: true,
};

/** Of a command that writes an age file. */
export const SEALED_FILE_OPTIONS: readonly Option[] = [
  { flag: "--out", metavar: "FILE", help: "File to write (mode 0600)", required: true, isPath: true },
  {
    flag: "--recipient",
    metavar: "RECIPIENT",
    help: "age recipient who can open it (age1...); may be repeated",
    isRepeatable: true,
  },
  PASSPHRASE_OPTION,
  { flag: "--force", help: "Replace FILE" },
];

/** For whom such a file is locked. */
export async function lockOf(context: Context) {
  const { values } = context;
  return values.has("--recipient") ? { recipients: values.texts("--recipient") } : await newPassphrase(context);
}

/** Standard output cannot be read back, synced or taken away again. */
export function outOf({ values }: Context): string {
  const out = values.required("--out");
  if (out !== "-") return resolve(out);
  throw new Error(
    "--out -: what is written is verified before it gets its name, so it goes into a file, not to stdout",
  );
}

/** Whoever gets hold of the file can try passphrases for as long as they like. */
async function newPassphrase(context: Context): Promise<{ passphrase: string }> {
  const lock = await passphraseOf(context);
  if ([...lock.passphrase].length < SHORT_PASSPHRASE) {
    context.io.stderr(
      `Warning: the passphrase has fewer than ${SHORT_PASSPHRASE} characters: ` +
        "who gets hold of the file can try them all; take six random words, or a --recipient\n",
    );
  }
  return lock;
}

export async function passphraseOf(context: Context): Promise<{ passphrase: string }> {
  const { readPassphrase } = await import("#daemon/backup/mod.ts");
  const { value, warning } = await readPassphrase(resolve(context.values.required(PASSPHRASE_OPTION.flag)));
  if (warning) context.io.stderr(`Warning: ${warning}\n`);
  return value;
}

/** What opens a backup, from the one of both files that was given. */
export async function keyOf(context: Context) {
  const path = context.values.text(IDENTITY_OPTION.flag);
  if (path === undefined) return await passphraseOf(context);
  const { readIdentities } = await import("#daemon/backup/mod.ts");
  const { value, warning } = await readIdentities(resolve(path));
  if (warning) context.io.stderr(`Warning: ${warning}\n`);
  return value;
}
