/**
 * Shell completion, generated from the command table: the script knows every command and flag, so that a TAB starts no
 * process. The packages for it (@bomb.sh/tab, omelette) ask the program at every TAB, which costs a start of the runtime.
 *
 * @module
 */
import { type Command, GLOBAL_OPTIONS, HELP_OPTION, type Option } from "./command.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** A place in a command line: the command's words, e.g. `token issue`, and what may come there and nowhere else. */
interface Place {
  readonly words: string;
  readonly commands: readonly Command[];
  readonly options: readonly Option[];
}

/** Flags of every place. */
const COMMON: readonly Option[] = [HELP_OPTION, ...GLOBAL_OPTIONS];

export function completionScript(shell: Shell, program: Command): string {
  const places = placesOf(program);
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](places);
}

function placesOf({ commands = [], options }: Command, words = ""): Place[] {
  const below = commands.flatMap((command) => placesOf(command, `${words} ${command.name}`.trim()));
  return [{ words, commands, options }, ...below];
}

function bashScript(places: readonly Place[]): string {
  return `# bash completion for runevault: source <(runevault completion bash)
_runevault() {
  local IFS=$' \\t\\n' cur=\${COMP_WORDS[COMP_CWORD]} word at= value= words= flags=
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == = ]] && continue # bash makes three words of --user=alice
    [[ -n $value ]] && { value=; continue; }
    case $word in
      ${valueFlags(places)}) value=$word ;;
      -*) ;;
      *) at+="\${at:+ }$word" ;;
    esac
  done
  [[ $cur == = ]] && cur=
  case $value in
    ${pathFlags(places)}) IFS=$'\\n'; compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur")); return ;;
${choiceFlags(places, (choices) => `COMPREPLY=($(compgen -W ${quote(choices.join(" "))} -- "$cur")); return ;;`)}
    ?*) return ;;
  esac
  case $at in
${
    places.map(({ words, commands, options }) => {
      const names = commands.map(({ name }) => name).join(" ");
      return `    ${quote(words)}) words=${quote(names)} flags=${quote(flagNames(options))} ;;`;
    }).join("\n")
  }
  esac
  [[ -z $words || $cur == -* ]] && words="$flags ${flagNames(COMMON)}"
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _runevault runevault
`;
}

function zshScript(places: readonly Place[]): string {
  const described = (entries: readonly { flag?: string; name?: string; help: string }[]) =>
    entries.map(({ flag, name = flag, help }) => quote(`${name}:${help}`)).join(" ");
  return `#compdef runevault
# zsh completion for runevault: source <(runevault completion zsh)
_runevault() {
  local word at= value= current=$words[CURRENT]
  local -a commands flags
  for word in "\${(@)words[2,CURRENT-1]}"; do
    [[ -n $value ]] && { value=; continue }
    case $word in
      ${valueFlags(places)}) value=$word ;;
      -*) ;;
      *) at+="\${at:+ }$word" ;;
    esac
  done
  [[ $current == --*=* ]] && { value=\${current%%=*}; compset -P '*=' }
  case $value in
    ${pathFlags(places)}) _files; return ;;
${choiceFlags(places, (choices) => `compadd -- ${choices.join(" ")}; return ;;`)}
    ?*) return ;;
  esac
  case $at in
${
    places.map(({ words, commands, options }) =>
      `    ${quote(words)}) commands=(${described(commands)}) flags=(${described(options)}) ;;`
    ).join("\n")
  }
  esac
  flags+=(${described(COMMON)})
  if [[ \${#commands} -gt 0 && $current != -* ]]; then _describe command commands; else _describe -o flag flags; fi
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _runevault "$@"; else compdef _runevault runevault; fi
`;
}

function fishScript(places: readonly Place[]): string {
  const lines = places.flatMap(({ words, commands, options }) => {
    const line = `complete -c runevault -n ${quote(`__runevault_at ${words}`.trim())}`;
    return [
      ...commands.map(({ name, help }) => `${line} -a ${name} -d ${quote(help)}`),
      ...options.map((option) => `${line} ${fishFlag(option)} -d ${quote(option.help)}`),
    ];
  });
  return `# fish completion for runevault: runevault completion fish | source
function __runevault_at
    set -l at
    set -l value
    for word in (commandline -opc)[2..]
        if test -n "$value"
            set value
            continue
        end
        switch $word
            case ${valueFlags(places, " ")}
                set value $word
            case '-*'
            case '*'
                set -a at $word
        end
    end
    test "$at" = "$argv"
end
complete -c runevault -f
${COMMON.map((option) => `complete -c runevault ${fishFlag(option)} -d ${quote(option.help)}`).join("\n")}
${lines.join("\n")}
`;
}

function fishFlag({ flag, short, metavar, choices, isPath }: Option): string {
  const name = `-l ${flag.slice(2)}${short ? ` -s ${short.slice(1)}` : ""}`;
  if (metavar === undefined) return name;
  return isPath ? `${name} -r -F` : `${name} -x${choices ? ` -a ${quote(choices.join(" "))}` : ""}`;
}

function flagNames(options: readonly Option[]): string {
  return options.map(({ flag }) => flag).join(" ");
}

function optionsOf(places: readonly Place[]): Option[] {
  const all = [...places.flatMap(({ options }) => options), ...COMMON];
  return [...new Map(all.map((option) => [option.flag, option])).values()];
}

/** Flags that the next word belongs to. */
function valueFlags(places: readonly Place[], between = "|"): string {
  return optionsOf(places).filter(({ metavar }) => metavar !== undefined).map(({ flag }) => flag).join(between);
}

function pathFlags(places: readonly Place[]): string {
  return optionsOf(places).filter(({ isPath }) => isPath).map(({ flag }) => flag).join("|");
}

function choiceFlags(places: readonly Place[], action: (choices: readonly string[]) => string): string {
  return optionsOf(places).flatMap(({ flag, choices }) => choices ? [`    ${flag}) ${action(choices)}`] : []).join(
    "\n",
  );
}

/** For bash and zsh; fish reads it the same way unless the text has a backslash, and no help has one. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
