import type { SecretJson } from "#edge/admin/secrets_client.ts";
import type { Option } from "./command.ts";
import type { Context } from "./context.ts";
import { printable } from "./printable.ts";
import { left, right } from "./table.ts";

export const EXPECTED_OPTION: Option = {
  flag: "--expected-version",
  metavar: "N",
  help: "Refuse unless this is the current version",
  integer: true,
};

export const SECRET_HEAD = secretRow("NAME", "KIND", "FORMAT", "VERSION", "UPDATED", "BY");

export function secretLine({ name, kind, format, version, updated_at, updated_by }: SecretJson): string {
  return printable(secretRow(name, kind, format, version, updated_at, updated_by));
}

function secretRow(name: string, kind: string, format: string, version: number | string, at: string, by: string) {
  return `${left(name, 32)} ${left(kind, 9)} ${left(format, 8)} ${right(version, 7)}  ${left(at, 20)}  ${by}`.trimEnd();
}

/** Damaged records are no reason to hide the sound ones, but nobody shall overlook them. */
export function warnOfDamage({ io }: Context, damaged: readonly string[]): void {
  for (const name of damaged) {
    io.stderr(`Warning: the record of '${printable(name)}' is damaged: restore a backup, or delete it\n`);
  }
}

/** Lines of names and values, as `token show` prints them. */
export function printFacts(context: Context, facts: readonly (readonly [string, string | number | null])[]): void {
  const width = Math.max(...facts.map(([name]) => name.length)) + 2;
  for (const [name, value] of facts) {
    context.printLine(`${`${name}:`.padEnd(width)}${printable(String(value ?? "-"))}`.trimEnd());
  }
}

/**
 * Whether the operator means it: `--yes`, or `y` on a terminal.
 *
 * @throws {Error} when not.
 */
export function confirmed({ values }: Context, question: string): void {
  if (values.has("--yes")) return;
  if (!Deno.stdin.isTerminal()) throw new Error(`${question.replace(/\?$/, "")}: confirm with --yes`);
  if (!confirm(question)) throw new Error("nothing was done");
}
