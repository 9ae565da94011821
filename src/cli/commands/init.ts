import { resolve } from "node:path";
import type { Command } from "../command.ts";

export const init: Command = {
  name: "init",
  help: "Lay out an install directory",
  usage: "runevault init [-h] [--dir DIR]",
  options: [{ flag: "--dir", metavar: "DIR", help: "Install directory (/opt/rune-vault)", isPath: true }],
  examples: ["runevault init --dir /srv/vault"],
  async run(context) {
    const { initInstall } = await import("#daemon/mod.ts");
    const dir = resolve(context.values.text("--dir") ?? "/opt/rune-vault");
    await initInstall({ dir, print: (line) => context.printLine(line) });
  },
};
