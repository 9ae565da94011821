import { join } from "node:path";
import { SqliteSecretStore } from "#adapters/storage/sqlite/mod.ts";
import { type StoreUnderTest, testSecretStore } from "./secret_store_contract.ts";

async function inDirectory(path: (directory: string) => string): Promise<StoreUnderTest> {
  const directory = await Deno.makeTempDir({ prefix: "rv-store-" });
  const store = new SqliteSecretStore(path(directory));
  return {
    store,
    snapshotPath: join(directory, "snapshot.db"),
    [Symbol.asyncDispose]: async () => {
      await store.close();
      await Deno.remove(directory, { recursive: true });
    },
  };
}

testSecretStore("SqliteSecretStore in a file", () => inDirectory((directory) => join(directory, "secrets.db")));
testSecretStore("SqliteSecretStore in memory", () => inDirectory(() => ":memory:"));
