import assert from "node:assert/strict";
import { join } from "node:path";
import { TempDir } from "#config/testing.ts";
import { refusal } from "../../tests/support/secret_engine.ts";
import { prepareStoreFolder } from "./store_folder.ts";

Deno.test("prepareStoreFolder() makes a private folder, and takes one that others may only read", async () => {
  using dir = new TempDir();
  const folder = join(dir.path, "a/store");
  await prepareStoreFolder(join(folder, "secrets.db"));
  assert.equal((await Deno.stat(folder)).mode! & 0o777, 0o700);
  await Deno.chmod(folder, 0o755);
  assert.equal(await refusal(prepareStoreFolder(join(folder, "secrets.db"))), "OK");
});

for (const mode of [0o777, 0o770, 0o702]) {
  Deno.test(`prepareStoreFolder() refuses a folder of mode ${mode.toString(8)}`, async () => {
    using dir = new TempDir();
    await Deno.chmod(dir.path, mode);
    assert.match(
      await refusal(prepareStoreFolder(join(dir.path, "secrets.db"))),
      /^FAILED_PRECONDITION others may write to .* \(mode 07\d\d\): chmod 700 /,
    );
  });
}

Deno.test("prepareStoreFolder() refuses a database that is a symbolic link, also to nothing", async () => {
  using dir = new TempDir();
  const database = join(dir.path, "secrets.db");
  await Deno.symlink(join(dir.path, "elsewhere.db"), database);
  assert.match(await refusal(prepareStoreFolder(database)), /^FAILED_PRECONDITION .*secrets\.db is a symbolic link/);
});
