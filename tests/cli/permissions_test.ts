import assert from "node:assert/strict";
import { permissionFlags, TestVault } from "../support/test_vault.ts";

Deno.test("runevault permissions shows what the launcher gives, with a reason each", async () => {
  await using vault = await TestVault.create();
  for (const command of [[], ["daemon", "stop"], ["token", "list"], ["status"], ["version"]]) {
    const { code, stdout, stderr } = await vault.cli("permissions", ...command);
    assert.deepEqual([code, stderr], [0, ""]);
    const [title, ...lines] = stdout.trimEnd().split("\n");
    const effective = command.length > 0 ? command : ["daemon", "start"];
    const granted = await permissionFlags(["--config", vault.config, ...effective]);
    const values = granted.filter(Boolean).flatMap((flag) => {
      const [name, list] = flag.split("=");
      return list.split(",").map((value) => `  ${name}=${value}`);
    });
    assert.equal(
      title,
      values.length > 0 ? `${effective.join(" ")} gets` : `${effective.join(" ")} needs no permission`,
    );
    assert.deepEqual(lines.filter((_, i) => i % 2 === 0), values);
    assert.ok(lines.filter((_, i) => i % 2 === 1).every((reason) => /^ {6}\w.{5,}/.test(reason)), stdout);
  }
});

Deno.test("runevault permissions --json tells scripts what the daemon keeps", async () => {
  await using vault = await TestVault.create();
  const { stdout } = await vault.cli("permissions", "daemon", "start", "--json");
  const kept: { kind: string; value: string }[] = JSON.parse(stdout).filter(({ kept }: { kept: boolean }) => kept);
  const of = (name: string) => kept.filter(({ kind }) => kind === name).map(({ value }) => value);
  assert.deepEqual(of("read"), vault.keptPermissions.read);
  assert.deepEqual(of("write"), vault.keptPermissions.write);
  assert.deepEqual([...new Set(kept.map(({ kind }) => kind))], ["read", "write", "ignore-env"]);
});

Deno.test("runevault permissions of no command says so", async () => {
  await using vault = await TestVault.create();
  for (const words of [["token"], ["nonsense"], ["daemon", "start", "now"]]) {
    const { code, stdout, stderr } = await vault.cli("permissions", ...words);
    assert.deepEqual([code, stdout, stderr], [
      1,
      "",
      `Error: no such command: '${words.join(" ")}' (see runevault --help)\n`,
    ]);
  }
});

Deno.test("runevault permissions explains the files of the secrets' commands", async () => {
  await using vault = await TestVault.create();
  for (
    const { command, want } of [
      { command: "export", want: ["the export", "the export until it is whole and verified"] },
      { command: "import", want: ["a file that the command names"] },
    ]
  ) {
    const { code, stdout } = await vault.cli("permissions", "secret", command);
    assert.equal(code, 0);
    for (const reason of want) assert.ok(stdout.includes(`      ${reason}\n`), `${reason} in\n${stdout}`);
  }
});

Deno.test("the launcher lets a secret's command read the files that it names and no others", async () => {
  const socket = ["--admin-socket", "/run/a.sock"];
  for (
    const { args, read } of [
      { args: "secret put a --file /v/value", read: "/run/a.sock,/v/value" },
      { args: "secret get a", read: "/run/a.sock" },
      { args: "secret import /e/x.age --identity-file /k/id", read: "/run/a.sock,/k/id,/e/x.age" },
      { args: "secret import-myvault --database /d/v.db --master-key-file /k/m", read: "/run/a.sock,/d/v.db,/k/m" },
      { args: "policy check --user a read b", read: "/run/a.sock" },
    ]
  ) {
    assert.deepEqual(await permissionFlags([...socket, ...args.split(" ")]), [
      "--allow-net=unix:/run/a.sock",
      `--allow-read=${read}`,
      "--allow-write=/run/a.sock",
    ]);
  }
});

Deno.test("runevault permissions explains the backup commands, a file of theirs as FILE", async () => {
  await using vault = await TestVault.create();
  for (
    const { command, want } of [
      { command: "create", want: ["goes into the backup (key)", "the backup until it is whole and verified"] },
      { command: "verify", want: ["the backup"] },
      { command: "restore", want: ["the install directory", "keeps the install that was there before"] },
    ]
  ) {
    const { code, stdout } = await vault.cli("permissions", "backup", command);
    assert.equal(code, 0);
    assert.match(stdout, /=\/FOLDER/);
    for (const reason of want) assert.ok(stdout.includes(`      ${reason}\n`), `${reason} in\n${stdout}`);
    assert.ok(!stdout.includes("the folder of a file that the configuration names"), stdout);
  }
});
