import assert from "node:assert/strict";
import { TempDir } from "#config/testing.ts";
import { findProgram } from "../../ffi/build.ts";
import { ROOT } from "../../src/release/paths.ts";
import { SERVICE_FILE, withServiceFlags } from "../../src/release/service_flags.ts";
import { run } from "../support/test_vault.ts";

const PLIST = `${ROOT}configs/com.cryptolabinc.runevault.plist`;
const noSystemd = findProgram("systemd-analyze") === undefined;

Deno.test("runevault.service shows the flags that the launcher gives Deno", async () => {
  const unit = await Deno.readTextFile(SERVICE_FILE);
  assert.equal(await withServiceFlags(unit), unit, "deno run -A src/release/service_flags.ts --write");
});

Deno.test({
  name: "systemd-analyze verify finds nothing wrong with runevault.service",
  ignore: noSystemd,
  async fn() {
    using dir = new TempDir();
    dir.write("app/bin/runevault", "#!/bin/sh\n", 0o755); // verify wants the program to be there
    const unit = (await Deno.readTextFile(SERVICE_FILE)).replaceAll("/opt/rune-vault", dir.path);
    const path = dir.write("runevault.service", unit, 0o644);
    const { code, stdout, stderr } = await run("systemd-analyze", ["verify", "--man=no", path]);
    assert.deepEqual([code, stdout, stderr], [0, "", ""]);
  },
});

Deno.test({
  name: "systemd-analyze security gives runevault.service an exposure of 1.2 or less",
  ignore: noSystemd,
  async fn() {
    const args = ["security", "--offline=true", "--no-pager", SERVICE_FILE];
    const { stdout, stderr } = await run("systemd-analyze", args);
    const exposure = /Overall exposure level for runevault\.service: ([\d.]+)/.exec(stdout)?.[1];
    assert.ok(exposure !== undefined && Number(exposure) <= 1.2, `${exposure}\n${stdout}${stderr}`);
  },
});

for (const path of ["configs/install.sh", "src/launch/launch.sh"]) {
  Deno.test({
    name: `shellcheck finds nothing in ${path}`,
    ignore: findProgram("shellcheck") === undefined,
    async fn() {
      const { code, stdout } = await run("shellcheck", [`${ROOT}${path}`]);
      assert.equal(code, 0, stdout);
    },
  });
}

Deno.test("the launchd plist is as contract runevault.md 9.2 has it", async () => {
  const plist = parsePlist(await Deno.readTextFile(PLIST));
  assert.deepEqual(plist, {
    Label: "com.cryptolabinc.runevault",
    ProgramArguments: [
      "/opt/rune-vault/app/bin/runevault",
      "--config",
      "/opt/rune-vault/configs/runevault.conf",
      "daemon",
      "start",
    ],
    UserName: "runevault",
    GroupName: "runevault",
    InitGroups: false,
    WorkingDirectory: "/opt/rune-vault",
    EnvironmentVariables: { HOME: "/var/empty", PATH: "/usr/bin:/bin" },
    Umask: 0o077,
    RunAtLoad: true,
    KeepAlive: true,
    ThrottleInterval: 10,
    ExitTimeOut: 30,
    ProcessType: "Background",
    HardResourceLimits: { Core: 0, NumberOfFiles: 65536 },
    SoftResourceLimits: { Core: 0, NumberOfFiles: 65536 },
    StandardOutPath: "/opt/rune-vault/logs/runevault.stdout.log",
    StandardErrorPath: "/opt/rune-vault/logs/runevault.stderr.log",
  });
});

type Plist = string | number | boolean | Plist[] | { [key: string]: Plist };

/** The property list of an XML file with every element closed in order, or a failure. */
function parsePlist(text: string): Plist {
  const body = text.replace(/<!--[^]*?-->|<\?[^]*?\?>|<!DOCTYPE[^>]*>/g, "");
  const tokens = [...body.matchAll(/<(\/?)(\w+)([^>]*?)(\/?)>|([^<]+)/g)].filter(([text]) => text.trim() !== "");
  let at = 0;
  const close = (tag: string) => assert.equal(tokens[at++]?.[0], `</${tag}>`);
  const textOf = (tag: string) => {
    const text = tokens[at][5] === undefined ? "" : tokens[at++][0];
    close(tag);
    return text;
  };
  const value = (): Plist => {
    const [, , tag, , isEmpty] = tokens[at++];
    if (tag === "true" || tag === "false") return isEmpty ? tag === "true" : assert.fail(tag);
    if (tag === "string") return textOf(tag);
    if (tag === "integer") return Number(textOf(tag));
    if (tag === "array") {
      const list: Plist[] = [];
      while (tokens[at][0] !== "</array>") list.push(value());
      close(tag);
      return list;
    }
    assert.equal(tag, "dict");
    const dict: Record<string, Plist> = {};
    while (tokens[at][0] !== "</dict>") {
      assert.equal(tokens[at++][0], "<key>");
      const key = textOf("key");
      assert.equal(key in dict, false, `${key} is there twice`);
      dict[key] = value();
    }
    close(tag);
    return dict;
  };
  assert.match(tokens[at++][0], /^<plist version="1\.0">$/);
  const result = value();
  close("plist");
  assert.equal(at, tokens.length);
  return result;
}
