/** An IP address as a number: 32 bits for IPv4, 128 for IPv6. IPv4-mapped IPv6 (`::ffff:10.0.0.1`) is IPv4. */
export interface Address {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

/** `::ffff:0:0/96` (RFC 4291, 2.5.5.2): where IPv6 carries IPv4 addresses. */
export const MAPPED_PREFIX = 0xffffn << 32n;

/**
 * Reads an address as sockets and configurations have it; the zone of a link-local one (`fe80::1%eth0`) is ignored.
 *
 * @returns undefined for anything else, also for IPv4 with leading zeros, which some programs read as octal.
 */
export function parseAddress(text: string): Address | undefined {
  const value = text.includes(":") ? ipv6Value(text.replace(/%[\w.-]+$/, "")) : ipv4Value(text);
  if (value === undefined) return undefined;
  if (!text.includes(":")) return { bits: 32, value };
  return value >> 32n === MAPPED_PREFIX >> 32n ? { bits: 32, value: value & 0xffff_ffffn } : { bits: 128, value };
}

function ipv4Value(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = value << 8n | BigInt(part);
  }
  return value;
}

function ipv6Value(text: string): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half, i) => groupsOf(half, i === halves.length - 1));
  if (!head || halves.length === 2 && !tail) return undefined;
  const given = head.length + (tail?.length ?? 0);
  // "::" stands for one group of zeros at least.
  if (tail ? given > 7 : given !== 8) return undefined;
  const groups = [...head, ...new Array<bigint>(8 - given).fill(0n), ...tail ?? []];
  return groups.reduce((value, group) => value << 16n | group, 0n);
}

/** @param mayEndInIpv4 Whether the last 32 bits may be written with dots. */
function groupsOf(text: string, mayEndInIpv4: boolean): bigint[] | undefined {
  if (text === "") return [];
  const groups: bigint[] = [], parts = text.split(":");
  for (const [i, part] of parts.entries()) {
    const ipv4 = mayEndInIpv4 && i === parts.length - 1 ? ipv4Value(part) : undefined;
    if (ipv4 !== undefined) groups.push(ipv4 >> 16n, ipv4 & 0xffffn);
    else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(BigInt(`0x${part}`));
    else return undefined;
  }
  return groups;
}
