import assert from "node:assert/strict";
import { type Config, loadConfig } from "#config/mod.ts";
import { TempDir } from "#config/testing.ts";
import { type Invocation, permissionsFor, toFlags } from "./mod.ts";

const EXAMPLE = new URL("../../runevault.conf.example", import.meta.url);
const YAML = "--ignore-env=LOG_STREAM,LOG_TOKENS";

/** The example config as if it lay in /opt/rune-vault/configs, changed. */
async function exampleConfig(change: (text: string) => string = (text) => text): Promise<Config> {
  using dir = new TempDir();
  const path = dir.write("configs/runevault.conf", change(await Deno.readTextFile(EXAMPLE)));
  const { config } = await loadConfig({ path, secrets: false });
  return JSON.parse(JSON.stringify(config).replaceAll(dir.path, "/opt/rune-vault"));
}

const config = await exampleConfig();
for (
  const { name, invocation, want } of [
    { name: "the service log", invocation: { command: "service log" }, want: ["--allow-run=journalctl"] },
    {
      name: "the audit log",
      invocation: { command: "audit log", config },
      want: ["--allow-read=/opt/rune-vault/configs/runevault.conf,/opt/rune-vault/logs", YAML],
    },
    {
      name: "the audit log that goes to no file",
      invocation: { command: "audit log", config: { ...config, audit: { ...config.audit, file: false } } },
      want: ["--allow-read=/opt/rune-vault/configs/runevault.conf", YAML],
    },
    { name: "an empty admin socket", invocation: { command: "admin", socket: "" }, want: [] },
  ] as { name: string; invocation: Invocation; want: string[] }[]
) {
  Deno.test(`permissionsFor() gives ${name} no more than it needs`, () => {
    assert.deepEqual(toFlags(permissionsFor(invocation)), want);
  });
}

for (
  const { from, to, gone } of [
    { from: "port: 50051", to: "port: 70000", gone: "70000" },
    { from: "host: 0.0.0.0", to: "host: a b", gone: "a b" },
    { from: "library: lib/libenvector.so", to: 'library: ""', gone: "--allow-ffi" },
    { from: "socket: admin.sock", to: 'socket: ""', gone: "unix:" },
  ]
) {
  Deno.test(`permissionsFor() leaves out what Deno would refuse to parse: ${to}`, async () => {
    const broken = await exampleConfig((text) => text.replace(from, to));
    for (const command of ["daemon start", "status"] as const) {
      const flags = toFlags(permissionsFor({ command, config: broken })).join("\n");
      assert.equal(flags.includes(gone), false, flags);
      assert.doesNotMatch(flags, /=$|=,|,$/m);
    }
  });
}
