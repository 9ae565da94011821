import type { Command } from "../command.ts";
import type { Shell } from "../completion.ts";

/** How a user loads the script for good. */
const LOAD: Readonly<Record<Shell, string>> = {
  bash: `echo 'source <(runevault completion bash)' >> ~/.bashrc`,
  zsh: `echo 'source <(runevault completion zsh)' >> ~/.zshrc    (after compinit)`,
  fish: "runevault completion fish > ~/.config/fish/completions/runevault.fish",
};

/** @param program Gives the whole table, of which this command is a part. */
export function completionCommand(shell: Shell, program: () => Command): Command {
  return {
    name: shell,
    help: `Print the completion script for ${shell}`,
    usage: `runevault completion ${shell} [-h]`,
    options: [],
    examples: [LOAD[shell]],
    async run(context) {
      const { completionScript } = await import("../completion.ts");
      context.io.stdout(completionScript(shell, program()));
    },
  };
}
