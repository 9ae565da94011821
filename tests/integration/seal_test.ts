import assert from "node:assert/strict";
import { join } from "node:path";
import { firstLine } from "../support/first_line.ts";
import { ROOT } from "../support/paths.ts";
import { TestVault } from "../support/test_vault.ts";
import { VaultClient } from "../support/vault_client.ts";

const HELLO = JSON.stringify({ a: "abc123def456", c: "OhawM+14dWV/2KJwL0Ud3pqJpP6Mr7XVfCsM" });

Deno.test("code inside the sealed daemon is refused everything, while the vault goes on working", async () => {
  await using vault = await TestVault.start({ preload: `${ROOT}tests/support/attack_probe.ts` });
  const outcomes: Record<string, string> = JSON.parse(await firstLine(vault.stdout));
  assert.ok(Object.keys(outcomes).length > 20);
  assert.deepEqual(Object.entries(outcomes).filter(([, outcome]) => outcome !== "refused"), []);

  const token = await vault.issueToken("alice");
  using client = new VaultClient(`localhost:${vault.port}`, vault.ca);
  assert.deepEqual(await client.decryptMetadata({ token, encrypted_metadata_list: [HELLO] }), {
    decrypted_metadata: ["hello world"],
    error: "",
  });
  assert.ok(JSON.parse((await client.getPublicKey({ token })).key_bundle_json)["EncKey.json"]);
  assert.match(await Deno.readTextFile(join(vault.dir, "configs/tokens.yml")), new RegExp(token));
  assert.match(await Deno.readTextFile(join(vault.dir, "logs/audit.log")), /"method":"decrypt_metadata"/);
  assert.equal((await vault.cli("status")).code, 0);
  assert.equal((await vault.stop()).code, 0, vault.stderr);
});
