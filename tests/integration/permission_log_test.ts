import assert from "node:assert/strict";
import { join } from "node:path";
import { goldenBlob } from "../support/paths.ts";
import { permissionFlags, TestVault } from "../support/test_vault.ts";
import { VaultClient } from "../support/vault_client.ts";

interface Use {
  readonly permission: string;
  readonly value: string;
}

async function usesIn(file: string): Promise<Use[]> {
  const lines = (await Deno.readTextFile(file)).trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line)).map(({ permission, value }) => ({ permission, value }));
}

function isUsed(kind: string, granted: string, uses: readonly Use[]): boolean {
  return uses.some(({ permission, value }) =>
    permission === kind &&
    (value === granted || value.startsWith(`${granted}/`) ||
      (kind === "env" && value.startsWith(granted.replace("*", ""))))
  );
}

Deno.test("a whole run uses every permission that the daemon is given, and after the seal each that it keeps", async () => {
  const log = await Deno.makeTempFile();
  try {
    await using vault = await TestVault.start({
      goldenKeys: false,
      keepFlags: true,
      env: { DENO_AUDIT_PERMISSIONS: log },
    });
    const sealedAt = (await usesIn(log)).length;
    const token = await vault.issueToken("alice");
    using client = new VaultClient(`localhost:${vault.port}`, vault.ca);
    const blob = new TextDecoder().decode(goldenBlob("one-row"));
    assert.equal((await client.decryptScores({ token, encrypted_blob_b64: blob, top_k: 1 })).error, "");
    await Deno.remove(join(vault.dir, "logs/audit.log")); // as a rotation does
    await client.getPublicKey({ token });
    await vault.cli("token", "rotate", "--all");
    await vault.cli(
      "role",
      "create",
      "--name",
      "r",
      "--scope",
      "decrypt_scores",
      "--top-k",
      "1",
      "--rate-limit",
      "1/1s",
    );
    Deno.kill(vault.pid, "SIGHUP");
    await vault.says("reloaded: certificate");
    assert.equal((await vault.cli("status")).code, 0);
    const flags = await permissionFlags(["--config", vault.config, "daemon", "start"]);
    assert.equal((await vault.stop()).code, 0);

    const uses = await usesIn(log);
    for (const flag of flags) {
      const [, kind, list] = /^--(?:allow|ignore)-(\w+)=(.*)$/.exec(flag)!;
      for (const granted of list.split(",")) assert.ok(isUsed(kind, granted, uses), `${kind} ${granted} is never used`);
    }
    const serving = uses.slice(sealedAt);
    for (const kind of ["read", "write"]) {
      for (const kept of vault.keptPermissions[kind]) {
        assert.ok(isUsed(kind, kept, serving), `${kind} ${kept} is kept and never used`);
      }
    }
  } finally {
    await Deno.remove(log);
  }
});
