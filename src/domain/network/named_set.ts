import { messageOf, VaultError } from "#errors/mod.ts";
import { AddressSet, parseCidr } from "./address_set.ts";

/**
 * The set that a configuration lists.
 *
 * @param key What messages call the list, e.g. `secrets.allowed_ips`.
 * @throws {VaultError} INVALID_ARGUMENT naming the key and the item's place, from 1.
 */
export function namedAddressSet(key: string, blocks: readonly string[]): AddressSet {
  for (const [i, block] of blocks.entries()) {
    try {
      parseCidr(block);
    } catch (reason) {
      throw new VaultError("INVALID_ARGUMENT", `${key}: item ${i + 1}: ${messageOf(reason)}`, { cause: reason });
    }
  }
  return new AddressSet(blocks);
}
