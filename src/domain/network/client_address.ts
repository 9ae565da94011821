import type { AddressSet } from "./address_set.ts";
import { canonicalAddress } from "./canonical_address.ts";

/** Most items of `X-Forwarded-For` that are looked at, from the right: no real chain of proxies is longer. */
const MAX_HOPS = 32;

/**
 * Who really calls: the peer, or, where the peer is a trusted proxy, whom its `X-Forwarded-For` names.
 *
 * Each proxy appends whom it saw, so the list is walked from the right, over trusted proxies, to the first address that
 * is none: all to the left of it is the caller's own invention. An item that is no address ends the walk at the proxy
 * that wrote it.
 *
 * @param peer Address of the socket's other end, without its port.
 * @param forwarded Every value of `X-Forwarded-For`, in the order received.
 * @returns The canonical text, or undefined when the peer itself has no address.
 */
export function clientAddress(
  peer: string,
  forwarded: readonly string[],
  trusted: AddressSet,
): string | undefined {
  let client = canonicalAddress(peer);
  if (client === undefined || !trusted.has(client)) return client;
  const items = forwarded.join(",").split(",");
  for (const item of items.slice(-MAX_HOPS).reverse()) {
    const hop = canonicalAddress(item.trim());
    if (hop === undefined) return client;
    client = hop;
    if (!trusted.has(hop)) return client;
  }
  return client;
}
