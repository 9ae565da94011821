import assert from "node:assert/strict";
import { loadConfig } from "#config/mod.ts";
import { MINIMAL, TempDir } from "#config/testing.ts";
import { StoreCopy } from "./store_copy.ts";

async function configIn(dir: TempDir, database: string) {
  dir.write("key", new Uint8Array(32).toBase64());
  const secrets = `secrets: {database: ${database}, kms: {mode: local, master_key_file: key}}\n`;
  return (await loadConfig({ path: dir.write("configs/runevault.conf", MINIMAL + secrets) })).config;
}

Deno.test("StoreCopy.make() takes a store that was never made for none", async () => {
  using dir = new TempDir();
  await using copy = await StoreCopy.make(await configIn(dir, "store/secrets.db"), "files");
  assert.equal(copy.isThere, false);
});

Deno.test("StoreCopy.make() does not take a store that cannot be looked at for none", async () => {
  using dir = new TempDir();
  dir.write("store", "a file where the folder should be");
  await assert.rejects(StoreCopy.make(await configIn(dir, "store/secrets.db"), "files"), /not a directory/i);
});
