import { type Address, parseAddress } from "./address.ts";
import { remembered } from "./remembered.ts";

/**
 * The one spelling of an address, as keys need it: IPv4, also where it came as IPv4-mapped IPv6, with dots; IPv6 as
 * RFC 5952 has it (lower case, no leading zeros, the first longest run of two or more zero groups as `::`), without its zone.
 *
 * @returns undefined for what is no address.
 */
export const canonicalAddress: (text: string) => string | undefined = remembered((text) => {
  const address = parseAddress(text);
  return address && textOf(address);
});

/** What one host can choose of an IPv6 address for itself: RFC 4291, 2.5.1. */
const HOST_BITS = 64n;

/**
 * Whose address it is: an IPv4 address itself, and of IPv6 the network, `2001:db8::/64`, since each host of it has 2^64
 * addresses at will. Loopback and what is no address stay as they are.
 *
 * @param address Canonical.
 */
export const networkOf: (address: string) => string = remembered((text) => {
  const address = parseAddress(text), network = address && address.value >> HOST_BITS;
  return address?.bits === 128 && network ? `${textOf({ bits: 128, value: network << HOST_BITS })}/64` : text;
});

function textOf({ bits, value }: Address): string {
  if (bits === 32) return [24n, 16n, 8n, 0n].map((shift) => value >> shift & 0xffn).join(".");
  const groups = Array.from({ length: 8 }, (_, i) => value >> BigInt(112 - 16 * i) & 0xffffn);
  const { start, length } = longestZeroRun(groups);
  const text = (part: readonly bigint[]) => part.map((group) => group.toString(16)).join(":");
  return length < 2 ? text(groups) : `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`;
}

function longestZeroRun(groups: readonly bigint[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }, start = 0;
  for (const [i, group] of groups.entries()) {
    if (group !== 0n) start = i + 1;
    else if (i + 1 - start > best.length) best = { start, length: i + 1 - start };
  }
  return best;
}
