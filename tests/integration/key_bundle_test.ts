import assert from "node:assert/strict";
import { EnvectorLibrary } from "#adapters/native/mod.ts";
import { KeyFiles } from "#adapters/storage/keys/mod.ts";
import { TempDir } from "#config/testing.ts";
import { KeyBundle, PublicKeys } from "#domain/fhe/mod.ts";
import { systemClock } from "#ports/clock.ts";
import { LIBRARY } from "../support/paths.ts";

for (
  const { name, prepare } of [
    { name: "a missing directory", prepare: () => {} },
    { name: "an empty directory", prepare: (dir: TempDir) => Deno.mkdirSync(dir.join("vault-key")) },
  ]
) {
  Deno.test(`KeyBundle finds no keys in ${name}`, async () => {
    using dir = new TempDir();
    prepare(dir);
    const store = new KeyFiles(dir.path);
    const bundle = new KeyBundle({ store, library: new EnvectorLibrary(LIBRARY), clock: systemClock });
    await assert.rejects(bundle.openSecretKey(32), { message: "envector: key files not found at path" });
    assert.equal(await new PublicKeys(store).literalOf("EncKey.json"), undefined);
  });
}
