import assert from "node:assert/strict";
import { runCli } from "./run_cli.ts";

const TOP = `usage: runevault [-h] [--config CONFIG] [--admin-socket ADMIN_SOCKET]
                 [--timeout TIMEOUT]
    {token,role,cloud,secret,project,policy,lockout,daemon,status,permissions,
     logs,backup,version,init,completion} ...
`;
const TOKEN = "usage: runevault token [-h] {issue,revoke,rotate,list} ...\n";
const ISSUE = "usage: runevault token issue [-h] --user USER --role ROLE [--expires EXPIRES]\n";
const ROTATE = "usage: runevault token rotate [-h] (--user USER | --all)\n";
const CREATE = `usage: runevault role create [-h] --name NAME --scope SCOPE --top-k TOP_K
                             --rate-limit RATE_LIMIT
`;
const UPDATE = `usage: runevault role update [-h] --name NAME [--scope SCOPE] [--top-k TOP_K]
                             [--rate-limit RATE_LIMIT]
`;

const CLOUD = "usage: runevault cloud [-h] {status,register} ...\n";
const DAEMON = "usage: runevault daemon [-h] {start,stop,restart} ...\n";
const LOGS = `usage: runevault logs [-h] [-f] [--audit] [--user USER] [--method METHOD]
                      [--resource RESOURCE]
                      [--status {success,denied,error,started}]
                      [--since SINCE] [--json]
`;
const BACKUP = `usage: runevault backup create [-h] --out FILE
                               (--recipient RECIPIENT | --passphrase-file FILE)
                               [--force] [--json]
`;
const VERIFY = `usage: runevault backup verify [-h]
                               (--identity-file FILE | --passphrase-file FILE)
                               [--json] FILE
`;
const PUT = `usage: runevault secret put [-h] [--file FILE | --generate | --keep-value]
                            [--trim-newline] [--username USERNAME]
                            [--kind {manual,automatic}] [--interval INTERVAL]
                            [--grace GRACE] [--description TEXT]
                            [--expected-version N] [--json] NAME
`;
const EXPORT = `usage: runevault secret export [-h] --project PROJECT --out FILE
                               (--recipient RECIPIENT | --passphrase-file FILE)
                               [--force] [--json]
`;
const HYPERION = `usage: runevault secret import-hyperion [-h] --backup FILE
                                        --master-key-file FILE
                                        [--rename OLD=NEW] [--skip OLD]
                                        [--on-conflict {fail,skip,new-version}]
                                        [--dry-run] [--json]
`;

for (
  const { args, stderr } of [
    { args: "", stderr: `${TOP}runevault: error: the following arguments are required: resource\n` },
    { args: "token", stderr: `${TOKEN}runevault token: error: the following arguments are required: action\n` },
    {
      args: "role",
      stderr: "usage: runevault role [-h] {list,create,update,delete} ...\n" +
        "runevault role: error: the following arguments are required: action\n",
    },
    {
      args: "foo",
      stderr: `${TOP}runevault: error: argument resource: invalid choice: 'foo' ` +
        "(choose from 'token', 'role', 'cloud', 'secret', 'project', 'policy', 'lockout', 'daemon', 'status', 'permissions', " +
        "'logs', 'backup', 'version', 'init', 'completion')\n",
    },
    {
      args: "token foo",
      stderr: `${TOKEN}runevault token: error: argument action: invalid choice: 'foo' ` +
        "(choose from 'issue', 'revoke', 'rotate', 'list')\n",
    },
    {
      args: "token issue",
      stderr: `${ISSUE}runevault token issue: error: the following arguments are required: --user, --role\n`,
    },
    {
      args: "token issue --for-each x",
      stderr: `${ISSUE}runevault token issue: error: the following arguments are required: --out-dir\n`,
    },
    {
      args: "token issue --for-each x --out-dir y --user a",
      stderr: `${ISSUE}runevault token issue: error: argument --user: not allowed with argument --for-each\n`,
    },
    {
      args: "token issue --user a --role b --out-dir y",
      stderr: `${ISSUE}runevault token issue: error: argument --out-dir: only allowed with argument --for-each\n`,
    },
    {
      args: "token show",
      stderr: "usage: runevault token show [-h] [--json] USER\n" +
        "runevault token show: error: the following arguments are required: USER\n",
    },
    {
      args: "token issue --user a",
      stderr: `${ISSUE}runevault token issue: error: the following arguments are required: --role\n`,
    },
    {
      args: "token issue --user --role b",
      stderr: `${ISSUE}runevault token issue: error: argument --user: expected one argument\n`,
    },
    {
      args: "token revoke --user",
      stderr: "usage: runevault token revoke [-h] --user USER\n" +
        "runevault token revoke: error: argument --user: expected one argument\n",
    },
    {
      args: "token rotate",
      stderr: `${ROTATE}runevault token rotate: error: one of the arguments --user --all is required\n`,
    },
    {
      args: "token rotate --user a --all",
      stderr: `${ROTATE}runevault token rotate: error: argument --all: not allowed with argument --user\n`,
    },
    {
      args: "role create --name a --scope b --top-k x --rate-limit c",
      stderr: `${CREATE}runevault role create: error: argument --top-k: invalid int value: 'x'\n`,
    },
    {
      args: "role update",
      stderr: `${UPDATE}runevault role update: error: the following arguments are required: --name\n`,
    },
    {
      args: "role delete",
      stderr: "usage: runevault role delete [-h] --name NAME\n" +
        "runevault role delete: error: the following arguments are required: --name\n",
    },
    {
      args: "cloud",
      stderr: `${CLOUD}runevault cloud: error: the following arguments are required: action\n`,
    },
    {
      args: "cloud unload",
      stderr: `${CLOUD}runevault cloud: error: argument action: invalid choice: 'unload' ` +
        "(choose from 'status', 'register')\n",
    },
    {
      args: "daemon kill",
      stderr: `${DAEMON}runevault daemon: error: argument action: invalid choice: 'kill' ` +
        "(choose from 'start', 'stop', 'restart')\n",
    },
    {
      args: "daemon stop --timeout",
      stderr: "usage: runevault daemon stop [-h] [--timeout TIMEOUT]\n" +
        "runevault daemon stop: error: argument --timeout: expected one argument\n",
    },
    {
      args: "completion",
      stderr: "usage: runevault completion [-h] {bash,zsh,fish} ...\n" +
        "runevault completion: error: the following arguments are required: action\n",
    },
    {
      args: "logs --since 1d",
      stderr: `${LOGS}runevault logs: error: argument --since: only allowed with argument --audit\n`,
    },
    {
      args: "logs --resource secret:app:*",
      stderr: `${LOGS}runevault logs: error: argument --resource: only allowed with argument --audit\n`,
    },
    {
      args: "logs --audit --status lost",
      stderr: `${LOGS}runevault logs: error: argument --status: invalid choice: 'lost' ` +
        "(choose from 'success', 'denied', 'error', 'started')\n",
    },
    {
      args: "backup",
      stderr: "usage: runevault backup [-h] {create,verify,restore} ...\n" +
        "runevault backup: error: the following arguments are required: action\n",
    },
    {
      args: "backup create --out x",
      stderr:
        `${BACKUP}runevault backup create: error: one of the arguments --recipient --passphrase-file is required\n`,
    },
    {
      args: "backup create --recipient a --recipient b --passphrase-file c",
      stderr: `${BACKUP}runevault backup create: error: argument --passphrase-file: ` +
        "not allowed with argument --recipient\n",
    },
    {
      args: "backup verify --identity-file x",
      stderr: `${VERIFY}runevault backup verify: error: the following arguments are required: FILE\n`,
    },
    { args: "backup verify --identity-file x a b", stderr: `${TOP}runevault: error: unrecognized arguments: b\n` },
    {
      args: "secret put",
      stderr: `${PUT}runevault secret put: error: the following arguments are required: NAME\n`,
    },
    {
      args: "secret put a --generate --file x",
      stderr: `${PUT}runevault secret put: error: argument --generate: not allowed with argument --file\n`,
    },
    {
      args: "secret put a b",
      stderr: `${TOP}runevault: error: unrecognized arguments: b\n`,
    },
    {
      args: "secret export --project a --out b",
      stderr:
        `${EXPORT}runevault secret export: error: one of the arguments --recipient --passphrase-file is required\n`,
    },
    {
      args: "secret import-hyperion --backup b",
      stderr: `${HYPERION}runevault secret import-hyperion: error: ` +
        "the following arguments are required: --master-key-file\n",
    },
    {
      args: "policy check --user a read",
      stderr: "usage: runevault policy check [-h] --user USER [--address ADDRESS] [--json]\n" +
        "                              ACTION NAME\n" +
        "runevault policy check: error: the following arguments are required: ACTION NAME\n",
    },
    {
      args: "lockout clear",
      stderr: "usage: runevault lockout clear [-h] (--address ADDRESS | --all) [--json]\n" +
        "runevault lockout clear: error: one of the arguments --address --all is required\n",
    },
    { args: "token list extra", stderr: `${TOP}runevault: error: unrecognized arguments: extra\n` },
    { args: "role list --bad=1 more", stderr: `${TOP}runevault: error: unrecognized arguments: --bad=1 more\n` },
  ]
) {
  Deno.test(`runevault ${args} is a usage error: exit 2, nothing on stdout, no permission needed`, async () => {
    assert.deepEqual(await runCli(args.split(" ").filter(Boolean)), { code: 2, stdout: "", stderr });
  });
}

Deno.test("runevault token issue --help teaches on stdout and exits 0", async () => {
  const stdout = `${ISSUE}
Issue a new token

options:
  -h, --help            show this help message and exit
  --user USER           Username
  --role ROLE           Role name
  --expires EXPIRES     Duration until expiry (e.g. 90d, 12w, 6m)
  --for-each FILE       Issue for each user,role,expires of a .csv or .yml file
  --out-dir DIR         Where each of these tokens gets its own file
  --json                Print one line of JSON

global options:
  --config CONFIG       Path of runevault.conf
  --admin-socket ADMIN_SOCKET
                        Admin socket to use instead of the config's
  --timeout TIMEOUT     How long daemon stop and restart wait (10s)

examples:
  runevault token issue --user alice --role member --expires 90d
  runevault token issue --for-each team.csv --role member --out-dir tokens
`;
  assert.deepEqual(await runCli(["token", "issue", "--help"]), { code: 0, stdout, stderr: "" });
});

Deno.test("runevault token --help lists show, which the fixed usage line leaves out", async () => {
  const { code, stdout } = await runCli(["token", "--help"]);
  assert.equal(code, 0);
  assert.ok(stdout.startsWith(TOKEN));
  assert.match(stdout, /^ {4}show {16}Show all of a user's token but the token$/m);
});

Deno.test("runevault --help lists the commands and the global flags", async () => {
  const stdout = `${TOP}
Rune-Vault Admin CLI

commands:
  {token,role,cloud,secret,project,policy,lockout,daemon,status,permissions,logs,backup,version,init,completion}
    token               Manage per-user tokens
    role                Manage roles
    cloud               Register with enVector Cloud
    secret              Keep the team's secrets
    project             Manage the secrets' projects
    policy              Look into policies.yml
    lockout             Manage client addresses that failed too often
    daemon              Run and stop the vault
    status              Show whether the daemon is up
    permissions         Show which Deno permissions a command gets, and why
    logs                Show the service log (systemd) or the audit log
    backup              Back up and restore the whole install
    version             Print version, build and runtime
    init                Lay out an install directory
    completion          Print a shell's completion script

options:
  -h, --help            show this help message and exit
  --config CONFIG       Path of runevault.conf
  --admin-socket ADMIN_SOCKET
                        Admin socket to use instead of the config's
  --timeout TIMEOUT     How long daemon stop and restart wait (10s)

examples:
  runevault init                                        lay out /opt/rune-vault
  runevault daemon start                                serve in the foreground
  runevault token issue --user alice --role member      let alice in
  runevault token issue --help                          flags of one command
`;
  assert.deepEqual(await runCli(["-h"]), { code: 0, stdout, stderr: "" });
});

Deno.test("runevault cloud register --help tells what its exit status says", async () => {
  const { code, stdout } = await runCli(["cloud", "register", "--help"]);
  assert.equal(code, 0);
  assert.match(stdout, /^Register key and index with enVector Cloud now$/m);
  assert.match(stdout, /^ {2}runevault cloud register .*exit status 1: not registered\)$/m);
});

Deno.test("runevault logs --help shows short flags and choices", async () => {
  const { code, stdout } = await runCli(["logs", "-h"]);
  assert.equal(code, 0);
  assert.match(stdout, /^ {2}-f, --follow {10}Go on with new entries$/m);
  assert.match(stdout, /^ {2}--status \{success,denied,error,started\}\n {24}Entries with this outcome alone$/m);
});

Deno.test("runevault version needs no permission, config or daemon", async () => {
  const { code, stdout, stderr } = await runCli(["version"]);
  assert.match(
    stdout,
    /^runevault \S+ \(commit \S+, built \S+, (linux|darwin)\/(amd64|arm64), deno \d+\.\d+\.\d+\)\n$/,
  );
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
});

Deno.test("runevault version --json has the same parts", async () => {
  const { stdout } = await runCli(["version", "--json"]);
  assert.deepEqual(Object.keys(JSON.parse(stdout)), ["version", "commit", "built", "os", "arch", "runtime"]);
});
