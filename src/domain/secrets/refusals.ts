import { VaultError } from "#errors/mod.ts";
import type { SecretAddress } from "#ports/secret_store.ts";
import { resourceOf } from "./address.ts";

export function secretNotFound(address: SecretAddress): VaultError {
  return new VaultError("NOT_FOUND", `Secret '${resourceOf(address)}' not found`);
}

export function writeConflict(): VaultError {
  return new VaultError("ABORTED", "write conflict; retry the request");
}
