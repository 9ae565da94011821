import type { Command } from "./command.ts";
import { backupCreate } from "./commands/backup_create.ts";
import { backupRestore } from "./commands/backup_restore.ts";
import { backupVerify } from "./commands/backup_verify.ts";
import { cloudRegister } from "./commands/cloud_register.ts";
import { cloudStatus } from "./commands/cloud_status.ts";
import { completionCommand } from "./commands/completion.ts";
import { daemonRestart } from "./commands/daemon_restart.ts";
import { daemonStart } from "./commands/daemon_start.ts";
import { daemonStop } from "./commands/daemon_stop.ts";
import { init } from "./commands/init.ts";
import { logs } from "./commands/logs.ts";
import { permissions } from "./commands/permissions.ts";
import { roleCreate } from "./commands/role_create.ts";
import { roleDelete } from "./commands/role_delete.ts";
import { roleList } from "./commands/role_list.ts";
import { roleUpdate } from "./commands/role_update.ts";
import { status } from "./commands/status.ts";
import { tokenIssue } from "./commands/token_issue.ts";
import { tokenList } from "./commands/token_list.ts";
import { tokenRevoke } from "./commands/token_revoke.ts";
import { tokenRotate } from "./commands/token_rotate.ts";
import { tokenShow } from "./commands/token_show.ts";
import { LOCKOUT, POLICY, PROJECT, SECRET } from "./secret_groups.ts";
import { version } from "./commands/version.ts";

function group(name: string, help: string, commands: readonly Command[]): Command {
  const names = commands.filter(({ isAddition }) => !isAddition).map((command) => command.name);
  return {
    name,
    help,
    usage: groupUsage(name, names),
    options: [],
    commands,
    commandLabel: "action",
  };
}

/** Lines of at most 80 characters, with what `usage: ` takes of the first. */
function groupUsage(name: string, names: readonly string[]): string {
  const line = `runevault ${name} [-h] {${names.join(",")}} ...`;
  if (line.length <= 73) return line;
  const rows = [""];
  for (const choice of names) {
    if (rows.at(-1)!.length + choice.length > 70) rows.push("");
    rows[rows.length - 1] += `${choice},`;
  }
  return `runevault ${name} [-h]\n    {${rows.join("\n     ").slice(0, -1)}}\n    ...`;
}

/** The command table. */
export const program: Command = {
  name: "runevault",
  help: "Rune-Vault Admin CLI",
  usage: [
    "runevault [-h] [--config CONFIG] [--admin-socket ADMIN_SOCKET]",
    "                 [--timeout TIMEOUT]",
    "    {token,role,cloud,secret,project,policy,lockout,daemon,status,permissions,",
    "     logs,backup,version,init,completion} ...",
  ].join("\n"),
  options: [],
  commandLabel: "resource",
  commands: [
    group("token", "Manage per-user tokens", [tokenIssue, tokenRevoke, tokenRotate, tokenList, tokenShow]),
    group("role", "Manage roles", [roleList, roleCreate, roleUpdate, roleDelete]),
    group("cloud", "Register with enVector Cloud", [cloudStatus, cloudRegister]),
    group("secret", "Keep the team's secrets", SECRET),
    group("project", "Manage the secrets' projects", PROJECT),
    group("policy", "Look into policies.yml", POLICY),
    group("lockout", "Manage client addresses that failed too often", LOCKOUT),
    group("daemon", "Run and stop the vault", [daemonStart, daemonStop, daemonRestart]),
    status,
    permissions(isCommand),
    logs,
    group("backup", "Back up and restore the whole install", [backupCreate, backupVerify, backupRestore]),
    version,
    init,
    group("completion", "Print a shell's completion script", [
      completionCommand("bash", () => program),
      completionCommand("zsh", () => program),
      completionCommand("fish", () => program),
    ]),
  ],
  examples: [
    "runevault init                                        lay out /opt/rune-vault",
    "runevault daemon start                                serve in the foreground",
    "runevault token issue --user alice --role member      let alice in",
    "runevault token issue --help                          flags of one command",
  ],
};

/** Whether the words, with blanks between them, name a command that can be run. */
function isCommand(words: string): boolean {
  let command: Command | undefined = program;
  for (const word of words.split(" ")) command = command?.commands?.find(({ name }) => name === word);
  return command !== undefined && command.commands === undefined;
}
