import assert from "node:assert/strict";
import { type Config, loadConfig } from "#config/mod.ts";
import { TempDir } from "#config/testing.ts";
import { explainPermissions, type Invocation, permissionsFor, servingPermissions, toFlags } from "./mod.ts";

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

const withCloud = (envector: string) =>
  exampleConfig((text) => text.replace(/^envector:\n(?: .*\n)*/m, `envector: ${envector}\n`));

for (
  const { name, envector, net } of [
    { name: "endpoint and key", envector: "{endpoint: https://cloud.example, api_key: k}", net: ["cloud.example:443"] },
    { name: "a key file", envector: "{endpoint: cloud.example:8443, api_key_file: k}", net: ["cloud.example:8443"] },
    { name: "an IPv6 address", envector: '{endpoint: "[2001:db8::7]", api_key: k}', net: ["[2001:db8::7]:443"] },
    { name: "no key", envector: "{endpoint: cloud.example}", net: [] },
    { name: "no endpoint", envector: "{api_key: k}", net: [] },
    { name: "an endpoint that is none", envector: "{endpoint: a b, api_key: k}", net: [] },
  ]
) {
  Deno.test(`permissionsFor() the daemon with ${name} has ${net.join() || "no cloud"}, and keeps it once it serves`, async () => {
    const cloud = await withCloud(envector), invocation = { command: "daemon start", config: cloud } as const;
    const { net: atStart, read } = permissionsFor(invocation);
    assert.deepEqual(atStart.filter((host) => !permissionsFor({ ...invocation, config }).net.includes(host)), net);
    const serving = servingPermissions(cloud);
    assert.deepEqual(serving.net, net);
    assert.equal(read.includes("/etc/ssl/certs/ca-certificates.crt"), net.length > 0);
    assert.deepEqual(serving.read, servingPermissions(config).read);
    for (const command of ["status", "daemon stop"] as const) {
      assert.deepEqual(permissionsFor({ command, config: cloud }), permissionsFor({ command, config }));
    }
    const explained = explainPermissions(invocation).filter(({ value }) => net.includes(value));
    assert.deepEqual(explained.map(({ reason, kept }) => [reason, kept]), [
      ...net.map(() => ["enVector Cloud, where the vault registers key and index", true]),
    ]);
  });
}
