import { type Command, GLOBAL_OPTIONS, HELP_OPTION, type Option } from "./command.ts";

const HELP_COLUMN = 24;

/** The help of the last command of a path, laid out as argparse does. */
export function helpText(path: readonly Command[]): string {
  const command = path.at(-1)!;
  const isProgram = path.length === 1;
  const own = [HELP_OPTION, ...command.options];
  const sections = [
    `usage: ${command.usage}`,
    command.help,
    command.commands && commandsSection(command.commands),
    optionsSection("options", isProgram ? [...own, ...GLOBAL_OPTIONS] : own),
    isProgram ? undefined : optionsSection("global options", GLOBAL_OPTIONS),
    command.examples && ["examples:", ...command.examples.map((line) => `  ${line}`)].join("\n"),
  ];
  return `${sections.filter((section) => section !== undefined).join("\n\n")}\n`;
}

function commandsSection(commands: readonly Command[]): string {
  const rows = commands.map(({ name, help }) => row(`    ${name}`, help));
  return ["commands:", `  {${commands.map(({ name }) => name).join(",")}}`, ...rows].join("\n");
}

function optionsSection(title: string, options: readonly Option[]): string {
  return [`${title}:`, ...options.map((option) => row(`  ${invocation(option)}`, option.help))].join("\n");
}

function invocation({ flag, short, metavar, choices }: Option): string {
  const value = choices ? ` {${choices.join(",")}}` : metavar === undefined ? "" : ` ${metavar}`;
  return short === undefined ? flag + value : `${short}${value}, ${flag}${value}`;
}

/** A left part that reaches the help column stands on a line of its own. */
function row(left: string, help: string): string {
  const gap = left.length + 2 <= HELP_COLUMN ? "".padEnd(HELP_COLUMN - left.length) : `\n${"".padEnd(HELP_COLUMN)}`;
  return left + gap + help;
}
