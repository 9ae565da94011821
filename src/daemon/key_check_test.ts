import assert from "node:assert/strict";
import { SqliteSecretStore } from "#adapters/storage/sqlite/mod.ts";
import { EnvelopeSealer, LocalKeys } from "#domain/sealing/mod.ts";
import { parseAddress } from "#domain/secrets/mod.ts";
import { fresh } from "../../tests/contract/secret_store_contract.ts";
import { refusal } from "../../tests/support/secret_engine.ts";
import { checkMasterKeys } from "./key_check.ts";

/** Keys of one byte each, by id; the first one is the current. */
function keysOf(bytes: Readonly<Record<string, number>>): LocalKeys {
  const keys = Object.entries(bytes).map(([id, byte]) => [id, new Uint8Array(32).fill(byte)] as const);
  return new LocalKeys({ keyId: keys[0][0], keys: new Map(keys) });
}

/** Twenty values under an old key, then one under the new. */
async function rotatedStore(): Promise<SqliteSecretStore> {
  const store = new SqliteSecretStore(":memory:");
  for (let i = 0; i <= 20; i++) {
    const keys = i < 20 ? keysOf({ old: 1 }) : keysOf({ new: 2 }), name = `p/s${i}`;
    const sealed = await new EnvelopeSealer({ keys }).seal(name, 1, new TextEncoder().encode("x"));
    await store.createSecret(fresh(parseAddress(name), { sealed }));
  }
  return store;
}

for (
  const { what, keys, want, warns = /^$/ } of [
    { what: "the right keys", keys: { new: 2, old: 1 }, want: /^OK$/ },
    { what: "a new key that seals nothing yet", keys: { newer: 3, new: 2, old: 1 }, want: /^OK$/ },
    {
      what: "another current key, though the first values are under the old one",
      keys: { new: 9, old: 1 },
      want: /^FAILED_PRECONDITION secrets\.kms\.master_key is not the key 'new'/,
    },
    {
      what: "another previous key",
      keys: { new: 2, old: 9 },
      want: /^FAILED_PRECONDITION secrets\.kms\.previous_keys: the key 'old' is not the one/,
    },
    {
      what: "a previous key that is configured no more, with a warning",
      keys: { new: 2 },
      want: /^OK$/,
      warns: /^warn secrets: values are sealed with the master key 'old', which is not configured/,
    },
  ] as { what: string; keys: Record<string, number>; want: RegExp; warns?: RegExp }[]
) {
  Deno.test(`checkMasterKeys() with ${what}`, async () => {
    await using store = await rotatedStore();
    const logged: string[] = [];
    const check = checkMasterKeys(keysOf(keys), store, (level, text) => logged.push(`${level} ${text}`));
    assert.match(await refusal(check), want);
    assert.match(logged.join("\n"), warns);
  });
}

Deno.test("checkMasterKeys() takes any key for an empty store, and damaged records for no sign of another key", async () => {
  await using store = new SqliteSecretStore(":memory:");
  const sealed = await new EnvelopeSealer({ keys: keysOf({ k: 1 }) }).seal("p/b", 1, new Uint8Array(1));
  await checkMasterKeys(keysOf({ k: 1 }), store, () => {});
  await store.createSecret(fresh(parseAddress("p/a"), { sealed: { ...sealed, wrappedKey: new Uint8Array(72) } }));
  await store.createSecret(fresh(parseAddress("p/b"), { sealed }));
  await checkMasterKeys(keysOf({ k: 1 }), store, () => {});
});
