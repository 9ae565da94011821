import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { TempDir } from "#config/testing.ts";
import { run } from "../support/test_vault.ts";
import { runCli } from "./run_cli.ts";

/** Keys as typed, and the command line that the shell runs then; what is printed for it stands for runevault itself. */
const TYPED = [
  { keys: "runevault tok\tlist --js\t", want: "token list --json" },
  { keys: "runevault role cre\t--na\tx --sc\ty", want: "role create --name x --scope y" },
  { keys: "runevault logs --status den\t", want: "logs --status denied" },
  { keys: "runevault logs --status=suc\t", want: "logs --status=success" },
  { keys: "runevault --config DIR/my.co\tda\tsto\t", want: "--config DIR/my.conf daemon stop" },
  { keys: "runevault daemon --admin-socket DIR/my.co\tsta\t", want: "daemon --admin-socket DIR/my.conf start" },
  { keys: "runevault token issue --user tok\t --ro\tr", want: "token issue --user tok --role r" },
];

const SETUP = {
  bash: { program: "bash --norc -i", lines: ["PS1="] },
  zsh: { program: "zsh -f -i", lines: ["PS1=", "autoload -Uz compinit; compinit -u -D"] },
};

for (const [shell, { program, lines }] of Object.entries(SETUP)) {
  Deno.test({
    name: `runevault completion ${shell} completes at TAB in a real ${shell}`,
    ignore: !isInstalled(shell) || !isInstalled("script"),
    async fn() {
      using dir = new TempDir();
      dir.write("my.conf", "");
      const script = dir.write("script", (await runCli(["completion", shell])).stdout);
      const typed = TYPED.map(({ keys }) => keys.replaceAll("DIR", dir.path));
      // The prefix is split, so that the echo of this line cannot be taken for what it prints.
      const stand = `runevault() { echo "RA""N:$*:"; }`;
      const input = [...lines, `source ${script}`, stand, ...typed, "exit", ""].join("\n");
      const { stdout } = await run("script", ["-qec", program, "/dev/null"], input);
      const ran = [...stdout.matchAll(/RAN:(.*?) ?:/g)].map((match) => match[1].replaceAll(dir.path, "DIR"));
      assert.deepEqual(ran, TYPED.map(({ want }) => want), stdout);
    },
  });
}

Deno.test({
  name: "runevault completion fish completes in a real fish",
  ignore: !isInstalled("fish"),
  async fn() {
    using dir = new TempDir();
    dir.write("my.conf", "");
    const script = dir.write("script", (await runCli(["completion", "fish"])).stdout);
    for (
      const [line, want] of [
        ["runevault tok", "token\tManage per-user tokens\n"],
        ["runevault token list --js", "--json\tPrint one line of JSON\n"],
        ["runevault logs --status den", "denied\tEntries with this outcome alone\n"],
        [`runevault --config ${dir.path}/my.co`, `${dir.path}/my.conf\n`],
        ["runevault --config x dae", "daemon\tRun and stop the vault\n"],
        ["runevault token issue --user tok", ""],
        ["runevault token issue --user tok li", ""],
      ]
    ) {
      const command = `source ${script}; complete -C '${line}'`;
      assert.equal((await run("fish", ["--no-config", "-c", command])).stdout, want, line);
    }
  },
});

function isInstalled(program: string): boolean {
  return ["/bin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"].some((folder) =>
    existsSync(`${folder}/${program}`)
  );
}
