import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createCipheriv } from "node:crypto";
import { deriveAgentKey } from "#domain/metadata/mod.ts";
import { ciphertextScore, ScoreEncryptor } from "../support/blobs.ts";
import { memoryOf } from "../support/process_memory.ts";
import { TestVault } from "../support/test_vault.ts";
import { VaultClient } from "../support/vault_client.ts";

const MIB = 2 ** 20;
const REQUEST_BYTES = 250 * MIB;

Deno.test({
  name: "a request of 250 MiB takes less than 1.5 GiB",
  ignore: Deno.build.os !== "linux",
  fn: async (t) => {
    await t.step("of scores", async () => {
      await using vault = await TestVault.start();
      const token = await vault.issueToken("alice");
      using client = new VaultClient(`localhost:${vault.port}`, vault.ca);
      const group = ScoreEncryptor.golden().searchResult(Array.from({ length: 4096 }, (_, i) => i / 4096));
      const groups = Math.floor(REQUEST_BYTES * 3 / 4 / (group.length + 16));
      const blob = ciphertextScore(Array(groups).fill(group)).toBase64();
      assert.ok(blob.length > 249 * MIB);
      const { results, error } = await client.decryptScores({ token, encrypted_blob_b64: blob, top_k: 3 });
      assert.equal(error, "");
      assert.deepEqual(results.map(({ shard_idx, row_idx }) => [shard_idx, row_idx]), [[0, 4095], [1, 4095], [
        2,
        4095,
      ]]);
      const { peak } = await memoryOf(vault.pid);

      assert.ok(peak < 1536 * MIB, `${(peak / MIB).toFixed(0)} MiB`);
    });
    await t.step("of metadata", async () => {
      await using vault = await TestVault.start();
      const token = await vault.issueToken("alice");
      using client = new VaultClient(`localhost:${vault.port}`, vault.ca);
      const key = deriveAgentKey("test-team-secret-32-bytes-please", "agent");
      const cipher = createCipheriv("aes-256-ctr", key, new Uint8Array(16));
      const plaintext = "m".repeat(REQUEST_BYTES * 3 / 4 - 100);
      const sealed = Buffer.concat([new Uint8Array(16), cipher.update(plaintext)]).toString("base64");
      const envelope = JSON.stringify({ a: "agent", c: sealed });
      assert.ok(envelope.length > 249 * MIB);
      const response = await client.decryptMetadata({ token, encrypted_metadata_list: [envelope] });
      assert.ok(response.decrypted_metadata[0] === plaintext, response.error);
      const { peak } = await memoryOf(vault.pid);

      assert.ok(peak < 1536 * MIB, `${(peak / MIB).toFixed(0)} MiB`);
    });
  },
});
