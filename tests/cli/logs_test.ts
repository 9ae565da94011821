import assert from "node:assert/strict";
import { join } from "node:path";
import { TempDir } from "#config/testing.ts";
import { type AuditEntry, formatAuditEntry } from "#domain/audit/mod.ts";
import { ROOT } from "../support/paths.ts";
import { permissionFlags, TestVault } from "../support/test_vault.ts";
import { VaultClient } from "../support/vault_client.ts";
import { launchCli } from "./run_cli.ts";

const ENTRY: AuditEntry = {
  time: Date.UTC(2026, 10, 20, 10),
  user: "alice",
  method: "get_public_key",
  topK: null,
  resultCount: 1,
  status: "success",
  sourceIp: "10.0.0.1",
  latencyMs: 5,
};
const DENIED = { ...ENTRY, user: "bob", status: "denied", topK: 15, method: "decrypt_scores", error: "no" } as const;
const hours = (count: number) => ENTRY.time + count * 3_600_000;

/** Oldest first, in three files. */
const LINES = [
  ENTRY,
  { ...DENIED, time: hours(1) },
  { ...ENTRY, time: hours(24) },
  { ...DENIED, time: hours(48), user: "alice" },
].map(formatAuditEntry);

/** A config whose audit log is in three files, with a line that a crash cut off. */
function install(dir: TempDir): string {
  dir.write("logs/audit.log.2026-11-20", `${LINES[0]}\n${LINES[1]}\n`);
  dir.write("logs/audit.log.2026-11-21", `${LINES[2]}\n${LINES[3].slice(0, 40)}\n`);
  dir.write("logs/audit.log", `${LINES[3]}\n`);
  return dir.write("runevault.conf", "audit: {mode: file, path: logs/audit.log}");
}

for (
  const { args, want, cut = true } of [
    { args: [], want: [0, 1, 2, 3] },
    { args: ["--user", "alice"], want: [0, 2, 3] },
    { args: ["--method", "decrypt_scores"], want: [1, 3] },
    { args: ["--status", "denied"], want: [1, 3] },
    { args: ["--status", "denied", "--user", "alice"], want: [3] },
    { args: ["--since", "2026-11-20T11:00"], want: [1, 2, 3] },
    { args: ["--since", "2026-11-22"], want: [3], cut: false },
    { args: ["--status", "error"], want: [] },
  ]
) {
  Deno.test(`runevault logs --audit --json ${args.join(" ")} prints the matching lines of all files in order`, async () => {
    using dir = new TempDir();
    const result = await launchCli("logs", "--audit", "--json", ...args, "--config", install(dir));
    const stderr = cut ? "Warning: left out 1 line(s) that are no audit entries\n" : "";
    assert.deepEqual(result, { code: 0, stdout: want.map((i) => `${LINES[i]}\n`).join(""), stderr });
  });
}

for (
  const { resource, want } of [
    { resource: "secret:app:db/pw", want: [1] },
    { resource: "secret:app:db/*", want: [1, 2] },
    { resource: "secret:app:*", want: [1, 2] },
    { resource: "*", want: [1, 2, 3] },
    { resource: "secret:?pp:db/pw", want: [] },
  ]
) {
  Deno.test(`runevault logs --audit --resource ${resource} prints the entries that are about it`, async () => {
    using dir = new TempDir();
    const lines = [undefined, "secret:app:db/pw", "secret:app:db/pw2", "secret:web:key"].map((resource, i) =>
      formatAuditEntry({ ...ENTRY, ...(resource && { method: "secret_get", resource, version: i }) })
    );
    dir.write("logs/audit.log", lines.map((line) => `${line}\n`).join(""));
    const config = dir.write("runevault.conf", "audit: {mode: file, path: logs/audit.log}");
    const result = await launchCli("logs", "--audit", "--json", "--resource", resource, "--config", config);
    assert.deepEqual(result, { code: 0, stdout: want.map((i) => `${lines[i]}\n`).join(""), stderr: "" });
  });
}

Deno.test("runevault logs --audit prints a line for a reader", async () => {
  using dir = new TempDir();
  const { code, stdout } = await launchCli("logs", "--audit", "--config", install(dir), "--since", "2026-11-21");
  assert.equal(code, 0);
  assert.equal(
    stdout,
    "2026-11-21T10:00:00+00:00        alice            get_public_key   success       1 10.0.0.1                5ms\n" +
      "2026-11-22T10:00:00+00:00        alice            decrypt_scores   denied     1/15 10.0.0.1                5ms  no\n",
  );
});

for (
  const { name, config, args = [], want } of [
    {
      name: "without an audit file in the config",
      config: "audit: {mode: stdout}",
      want: "there is no audit log file: audit.mode in DIR/runevault.conf names none",
    },
    {
      name: "before the first entry",
      config: "audit: {mode: file, path: logs/audit.log}",
      want: "no audit log at DIR/logs/audit.log",
    },
    {
      name: "with a bad time",
      config: "",
      args: ["--since", "yesterday"],
      want: 'invalid --since "yesterday": expected a time such as 2026-11-22, 2026-11-22T10:00:00Z, 90m, 12h or 7d',
    },
  ]
) {
  Deno.test(`runevault logs --audit ${name} exits 1`, async () => {
    using dir = new TempDir();
    const result = await launchCli("logs", "--audit", ...args, "--config", dir.write("runevault.conf", config));
    assert.deepEqual(result, { code: 1, stdout: "", stderr: `Error: ${want.replace("DIR", dir.path)}\n` });
  });
}

Deno.test("runevault logs --audit -f goes on with what a running vault writes, through a rotation", async () => {
  await using vault = await TestVault.start();
  const token = await vault.issueToken("alice"), path = join(vault.dir, "logs/audit.log");
  using client = new VaultClient(`localhost:${vault.port}`, vault.ca);
  await client.getPublicKey({ token });
  const args = ["--config", vault.config, "logs", "--audit", "-f", "--json", "--user", "alice"];
  const flags = await permissionFlags(args);
  await using follower = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", ...flags, `${ROOT}src/main.ts`, ...args],
    stdout: "piped",
  }).spawn();
  const lines = linesOf(follower.stdout);
  assert.equal((await lines.next()).value!.method, "get_public_key");
  await client.decryptMetadata({ token, encrypted_metadata_list: ["not-json"] });
  assert.equal((await lines.next()).value!.status, "error");
  await Deno.rename(path, `${path}.2026-11-22`);
  await client.decryptMetadata({ token, encrypted_metadata_list: ["{}"] });
  assert.equal((await lines.next()).value!.error, "Metadata decryption failed: 'a'");
  follower.kill("SIGINT");
  await lines.return(undefined);
});

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Record<string, unknown>> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) yield JSON.parse(line);
  }
}

/** A directory with a journalctl that tells how it was called. */
function fakeJournal(dir: TempDir): void {
  dir.write("bin/journalctl", `#!/bin/sh\necho "journal: $*, secret=[$SECRET]"\nexit 3\n`, 0o755);
}

for (
  const { args, prepare = () => {}, want } of [
    { args: [], prepare: fakeJournal, want: { code: 3, stdout: "journal: -u runevault --no-pager, secret=[]\n" } },
    {
      args: ["-f"],
      prepare: fakeJournal,
      want: { code: 3, stdout: "journal: -u runevault --no-pager -f, secret=[]\n" },
    },
    {
      args: [],
      want: {
        code: 1,
        stderr:
          "Error: journalctl not found: only where systemd runs the vault does the system keep its log; elsewhere " +
          "it is on the daemon's stderr ('runevault logs --audit' shows the audit log)\n",
      },
    },
  ]
) {
  const title = want.code === 1 ? "says what to do where there is no journalctl" : "runs journalctl";
  Deno.test(`runevault logs ${args.join(" ")} ${title}, with a permission for that alone`, async () => {
    using dir = new TempDir();
    prepare(dir);
    const flags = await permissionFlags(["logs", ...args]);
    assert.deepEqual(flags, ["--allow-run=journalctl"]);
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", ...flags, `${ROOT}src/main.ts`, "logs", ...args],
      env: { PATH: dir.join("bin"), SECRET: "s3cret", NO_COLOR: "1" },
    });
    const { code, stdout, stderr } = await command.output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    assert.deepEqual({ code, stdout: text(stdout), stderr: text(stderr) }, { stdout: "", stderr: "", ...want });
  });
}
