import { dirname } from "node:path";
import { copyPathOf, syncDirectory } from "#adapters/storage/files/mod.ts";
import type { SecretsConfig } from "#config/mod.ts";
import { SecretImports } from "#domain/secrets/mod.ts";
import type { StoreCopies } from "#edge/admin/secrets/mod.ts";
import type { AdminOptions } from "#edge/admin/mod.ts";
import type { SecretStore } from "#ports/secret_store.ts";
import type { Vault } from "./compose.ts";
import type { SecretsVault } from "./secrets_vault.ts";

/** What the admin socket gets of the engine. */
export function secretsAdmin(
  config: SecretsConfig,
  { tokens, audit, clock }: Vault,
  { engine, store, sealer, policies, lockout, rewrap }: SecretsVault,
): AdminOptions["secrets"] {
  const { keepVersions, allowedIps, database } = config;
  const imports = new SecretImports({ store, sealer, clock, keepVersions });
  const parts = { engine, imports, policies, lockout, rewrap, tokens, audit, clock };
  return { ...parts, allowedIps, copies: storeCopies(store, copyPathOf(database)) };
}

/** One at a time: a copy that is under way must not lose its file. */
function storeCopies(store: SecretStore, path: string): StoreCopies {
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = (run: () => Promise<void>) => {
    const turn = last.then(run);
    last = turn.catch(() => {});
    return turn;
  };
  const remove = () => Deno.remove(path).catch(unlessMissing);
  return {
    make: () =>
      inTurn(async () => {
        await remove();
        await store.snapshot(path);
        await syncDirectory(dirname(path));
      }),
    remove: () => inTurn(remove),
  };
}

function unlessMissing(reason: unknown): void {
  if (!(reason instanceof Deno.errors.NotFound)) throw reason;
}
