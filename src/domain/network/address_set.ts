import { VaultError } from "#errors/mod.ts";
import { type Address, MAPPED_PREFIX, parseAddress } from "./address.ts";
import { remembered } from "./remembered.ts";

/** A block of addresses that share their first bits; made by parseCidr() alone. */
export interface Cidr {
  readonly bits: Address["bits"];
  /** Its first address. */
  readonly base: bigint;
  /** How many leading bits are fixed. */
  readonly prefix: number;
}

/**
 * Reads `10.0.0.0/8`, `2001:db8::/32` or a single address. A block of IPv4-mapped addresses is the IPv4 block;
 * `::/0` is all of IPv6 and nothing of IPv4.
 *
 * @throws {VaultError} INVALID_ARGUMENT for anything else, also where bits after the prefix are set: whoever writes
 * `10.0.0.7/8` may mean one address and would let in sixteen million.
 */
export function parseCidr(text: string): Cidr {
  const [, addressText, lengthText] = /^([^/]*)(?:\/(0|[1-9][0-9]{0,2}))?$/.exec(text) ?? [];
  const address = addressText === undefined ? undefined : parseAddress(addressText);
  if (!address) throw invalid(text, "is no IP address or CIDR block");
  const written = addressText.includes(":") ? 128 : 32, isMapped = written > address.bits;
  const length = lengthText === undefined ? written : Number(lengthText);
  if (length > written) throw invalid(text, `has a prefix of more than ${written} bits`);
  // Mapped addresses share their first 96 bits; a shorter prefix holds other IPv6 addresses too.
  if (isMapped && length < 96) return checked({ bits: 128, base: MAPPED_PREFIX | address.value, prefix: length }, text);
  return checked({ bits: address.bits, base: address.value, prefix: isMapped ? length - 96 : length }, text);
}

/** Addresses in any of some blocks. */
export class AddressSet {
  readonly #has: (address: string) => boolean;

  /** @throws {VaultError} INVALID_ARGUMENT as parseCidr() does. */
  constructor(blocks: readonly string[]) {
    const parsedBlocks = blocks.map(parseCidr);
    this.#has = remembered((address) => {
      const parsed = parseAddress(address);
      return parsed !== undefined && parsedBlocks.some((block) => contains(block, parsed));
    });
  }

  /** @param address As a socket tells it, without a port; what is no address is in no set. */
  has(address: string): boolean {
    return this.#has(address);
  }
}

function contains({ bits, base, prefix }: Cidr, address: Address): boolean {
  const shift = BigInt(bits - prefix);
  return bits === address.bits && base >> shift === address.value >> shift;
}

function checked(block: Cidr, text: string): Cidr {
  const shift = BigInt(block.bits - block.prefix);
  if (block.base >> shift << shift !== block.base) throw invalid(text, "has bits set after its prefix");
  return block;
}

function invalid(text: string, problem: string): VaultError {
  const shown = JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
  return new VaultError("INVALID_ARGUMENT", `${shown} ${problem}`);
}
