import assert from "node:assert/strict";
import type { Command } from "./command.ts";
import { parseArgs } from "./parse_args.ts";
import { program } from "./program.ts";
import type { UsageError } from "./usage_error.ts";

const FLAGS = [
  "--user",
  "--role",
  "--all",
  "--top-k",
  "--config",
  "--admin-socket",
  "--timeout",
  "--json",
  "--expires",
  "--follow",
  "--audit",
  "--status",
];

for (
  const { args, command, values = {}, help = false } of [
    { args: ["token", "list"], command: "token list" },
    { args: ["--config", "c", "token", "list"], command: "token list", values: { "--config": "c" } },
    { args: ["token", "--config=c", "list"], command: "token list", values: { "--config": "c" } },
    { args: ["token", "list", "--conf", "c"], command: "token list", values: { "--config": "c" } },
    { args: ["--timeout", "30s", "daemon", "stop"], command: "daemon stop", values: { "--timeout": "30s" } },
    { args: ["daemon", "stop", "--timeout=1m"], command: "daemon stop", values: { "--timeout": "1m" } },
    { args: ["token", "revoke", "--user="], command: "token revoke", values: { "--user": "" } },
    { args: ["token", "revoke", "--user", ""], command: "token revoke", values: { "--user": "" } },
    { args: ["token", "revoke", "--us=a=b"], command: "token revoke", values: { "--user": "a=b" } },
    { args: ["token", "revoke", "--user", "-5"], command: "token revoke", values: { "--user": "-5" } },
    { args: ["token", "revoke", "--user", "-"], command: "token revoke", values: { "--user": "-" } },
    { args: ["token", "revoke", "--user", "-a b"], command: "token revoke", values: { "--user": "-a b" } },
    { args: ["token", "revoke", "--user=--x"], command: "token revoke", values: { "--user": "--x" } },
    { args: ["token", "revoke", "--user", "a", "--user", "b"], command: "token revoke", values: { "--user": "b" } },
    { args: ["token", "rotate", "--a"], command: "token rotate", values: { "--all": true } },
    { args: ["--", "token", "list"], command: "token list" },
    { args: ["logs", "-f"], command: "logs", values: { "--follow": true } },
    {
      args: ["logs", "--audit", "--status", "denied"],
      command: "logs",
      values: { "--audit": true, "--status": "denied" },
    },
    { args: ["--help"], command: "", help: true },
    { args: ["token", "issue", "-h", "--bad"], command: "token issue", help: true },
    { args: ["token", "--he"], command: "token", help: true },
  ] as { args: string[]; command: string; values?: Record<string, unknown>; help?: boolean }[]
) {
  Deno.test(`parseArgs() reads ${JSON.stringify(args)}`, () => {
    const parsed = parseArgs(program, args);
    assert.equal(parsed.path.slice(1).map(({ name }) => name).join(" "), command);
    const given = FLAGS.filter((flag) => parsed.values.has(flag)).map((flag) => [flag, parsed.values.text(flag)]);
    assert.deepEqual(Object.fromEntries(given), values);
    assert.equal(parsed.help, help);
  });
}

for (
  const { args, want } of [
    { args: ["token", "revoke", "--user", "--help"], want: "argument --user: expected one argument" },
    { args: ["token", "revoke", "--user", "-x"], want: "argument --user: expected one argument" },
    { args: ["token", "rotate", "--all=1"], want: "argument --all: ignored explicit argument '1'" },
    { args: ["token", "rotate", "--all", "--user", "a"], want: "argument --user: not allowed with argument --all" },
    { args: ["role", "update", "--name", "a", "--top-k", "1.5"], want: "argument --top-k: invalid int value: '1.5'" },
    { args: ["role", "update", "--name", "a", "--top-k="], want: "argument --top-k: invalid int value: ''" },
    { args: ["role", "update", "--name", "a", "--top-k", "1e3"], want: "argument --top-k: invalid int value: '1e3'" },
    {
      args: ["role", "update", "--name", "a", "--top-k", "99999999999999999999"],
      want: "argument --top-k: invalid int value: '99999999999999999999'",
    },
    {
      args: ["logs", "--audit", "--status", "lost"],
      want: "argument --status: invalid choice: 'lost' (choose from 'success', 'denied', 'error', 'started')",
    },
    { args: ["logs", "--user", "a"], want: "argument --user: only allowed with argument --audit" },
    { args: ["token", "list", "--", "--json"], want: "unrecognized arguments: --json" },
    { args: ["token", "list", "-x", "y"], want: "unrecognized arguments: -x y" },
    {
      args: ["it's"],
      want:
        `argument resource: invalid choice: "it's" (choose from 'token', 'role', 'cloud', 'secret', 'project', 'policy', 'lockout', 'daemon', 'status', 'permissions', 'logs', 'backup', 'version', 'init', 'completion')`,
    },
    {
      args: ["token", "\u001b[2J\n'\""],
      want: `argument action: invalid choice: '\\x1b[2J\\n\\'"' (choose from 'issue', 'revoke', 'rotate', 'list')`,
    },
    { args: ["tok"], want: /^argument resource: invalid choice: 'tok'/ },
  ] as { args: string[]; want: string | RegExp }[]
) {
  Deno.test(`parseArgs() refuses ${JSON.stringify(args)}`, () => {
    assert.throws(() => parseArgs(program, args), (reason) => {
      const { name, message } = reason as UsageError;
      assert.equal(name, "UsageError");
      if (typeof want === "string") assert.equal(message, want);
      else assert.match(message, want);
      return true;
    });
  });
}

Deno.test("parseArgs() refuses a prefix of two flags of a command, while its own flags hide the global ones", () => {
  const options = [{ flag: "--rate", metavar: "R", help: "" }, { flag: "--role", metavar: "R", help: "" }];
  const command: Command = { name: "x", help: "", usage: "x", options };
  assert.throws(() => parseArgs(command, ["--r", "1"]), {
    message: "ambiguous option: --r could match --rate, --role",
  });
  const hiding = { ...command, options: [{ flag: "--all", help: "" }] };
  assert.equal(parseArgs(hiding, ["--a"]).values.has("--all"), true);
});

Deno.test("every command of the table runs or has commands, and its usage line begins with its own words", () => {
  const walk = (command: Command, words: string) => {
    assert.ok(command.usage.startsWith(`${words} [-h]`), command.usage);
    assert.ok(command.commands ? command.commandLabel && !command.run : command.run, words);
    assert.ok(`usage: ${command.usage}`.split("\n").every((line) => line.length <= 80), command.usage);
    for (const child of command.commands ?? []) walk(child, `${words} ${child.name}`);
  };
  walk(program, "runevault");
});

Deno.test("parseArgs() keeps every value of a flag that may be repeated, and the words of a command that takes some", () => {
  const args = ["backup", "create", "--recipient", "a", "--out", "x", "--recipient=b"];
  assert.deepEqual(parseArgs(program, args).values.texts("--recipient"), ["a", "b"]);
  const { values } = parseArgs(program, ["token", "show", "--json", "--", "-x"]);
  assert.deepEqual([values.words, values.texts("--recipient")], [["-x"], []]);
});
