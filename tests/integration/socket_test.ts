import assert from "node:assert/strict";
import { ROOT } from "../support/paths.ts";
import { TestVault } from "../support/test_vault.ts";

const PYTHON = "/usr/bin/python3";
const RESTARTS = 50;

function canRun(): boolean {
  try {
    return Deno.build.os === "linux" && Deno.uid() === 0 && Deno.statSync(PYTHON).isFile;
  } catch {
    return false;
  }
}

Deno.test({
  name: `another user who tries all the time never connects while the daemon restarts ${RESTARTS} times`,
  ignore: !canRun(),
  fn: async () => {
    await using vault = await TestVault.create({ keepFlags: true });
    await Deno.chmod(vault.dir, 0o777); // the folder does not help: the socket alone keeps others out
    const probe = new Deno.Command(PYTHON, {
      args: [`${ROOT}src/edge/admin/testdata/connect_as_nobody.py`, vault.dir],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    try {
      for (let i = 0; i < RESTARTS; i++) {
        await vault.start();
        assert.equal((await vault.stop()).code, 0, vault.stderr);
      }
    } finally {
      await probe.stdin.close();
    }
    const { connected, refused } = JSON.parse(new TextDecoder().decode((await probe.output()).stdout));
    assert.equal(connected, 0);
    assert.ok(refused >= RESTARTS, `it was refused only ${refused} times`);
  },
});
