import assert from "node:assert/strict";
import fc from "fast-check";
import { BlockList } from "node:net";
import { VaultError } from "#errors/mod.ts";
import { AddressSet, parseCidr } from "./mod.ts";

for (
  const { blocks, inside, outside } of [
    {
      blocks: ["10.0.0.0/8"],
      inside: ["10.0.0.0", "10.255.255.255"],
      outside: ["9.255.255.255", "11.0.0.0", "::a00:1"],
    },
    {
      blocks: ["127.0.0.0/8", "::1/128"],
      inside: ["127.0.0.1", "::1", "::ffff:127.0.0.1"],
      outside: ["::2", "1.2.3.4"],
    },
    { blocks: ["192.0.2.7"], inside: ["192.0.2.7"], outside: ["192.0.2.6", "192.0.2.8"] },
    {
      blocks: ["2001:db8::/33"],
      inside: ["2001:db8:7fff::1", "2001:DB8::"],
      outside: ["2001:db8:8000::", "2001:db9::"],
    },
    { blocks: ["::ffff:10.0.0.0/104"], inside: ["10.1.2.3"], outside: ["11.0.0.0", "::1"] },
    { blocks: ["0.0.0.0/0"], inside: ["255.255.255.255", "::ffff:1.2.3.4"], outside: ["::1"] },
    { blocks: ["::/0"], inside: ["::1", "fe80::1%eth0"], outside: ["1.2.3.4"] },
    { blocks: ["fe80::/10"], inside: ["fe80::1%eth0"], outside: ["ff02::1"] },
    { blocks: [], inside: [], outside: ["127.0.0.1", "::1"] },
  ]
) {
  Deno.test(`AddressSet.has() of ${JSON.stringify(blocks)}`, () => {
    const set = new AddressSet(blocks);
    for (const address of inside) assert.ok(set.has(address), address);
    for (const address of outside) assert.equal(set.has(address), false, address);
  });
}

Deno.test("AddressSet.has() takes nothing that is no address", () => {
  const everything = new AddressSet(["0.0.0.0/0", "::/0"]);
  for (
    const text of [
      "",
      "unknown",
      "1.2.3",
      "1.2.3.4.5",
      "01.2.3.4",
      "256.0.0.1",
      "1.2.3.4:80",
      "[::1]",
      ":::",
      "1::2::3",
    ]
      .concat(["::12345", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8:9", "::1.2.3", "1.2.3.4::", " ::1"])
  ) assert.equal(everything.has(text), false, text);
});

for (
  const { text, problem } of [
    { text: "", problem: /"" is no IP address or CIDR block/ },
    { text: "localhost", problem: /"localhost" is no IP address/ },
    { text: "10.0.0.0/", problem: /is no IP address/ },
    { text: "10.0.0.0/08", problem: /is no IP address/ },
    { text: "10.0.0.0/33", problem: /has a prefix of more than 32 bits/ },
    { text: "::/129", problem: /has a prefix of more than 128 bits/ },
    { text: "10.0.0.7/8", problem: /has bits set after its prefix/ },
    { text: "::1/64", problem: /has bits set after its prefix/ },
    { text: "::ffff:10.0.0.1/104", problem: /has bits set after its prefix/ },
    { text: "x".repeat(1000), problem: /^"x{64}…" is no/ },
  ]
) {
  Deno.test(`parseCidr() refuses ${JSON.stringify(text.slice(0, 20))}`, () => {
    assert.throws(() => parseCidr(text), (reason: unknown) => {
      assert.ok(reason instanceof VaultError);
      assert.match(reason.message, problem);
      return reason.code === "INVALID_ARGUMENT";
    });
  });
}

Deno.test("AddressSet.has() agrees with node:net's BlockList on any address and block", () => {
  const ipv4 = fc.ipV4(), ipv6 = fc.ipV6();
  fc.assert(fc.property(fc.oneof(ipv4, ipv6), fc.oneof(ipv4, ipv6), fc.nat(128), (address, block, length) => {
    const family = (text: string) => text.includes(":") ? "ipv6" : "ipv4";
    const prefix = family(block) === "ipv4" ? length % 33 : length;
    const start = firstOf(block, prefix);
    const list = new BlockList();
    list.addSubnet(start, prefix, family(block));
    const set = new AddressSet([`${start}/${prefix}`]);
    assert.ok(set.has(start));
    if (family(address) === family(block)) assert.equal(set.has(address), list.check(address, family(address)));
  }));
});

/** The block's first address, by way of the URL parser, which writes every IPv6 address in one form. */
function firstOf(address: string, prefix: number): string {
  if (!address.includes(":")) {
    const value = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
    const kept = prefix === 0 ? 0 : Math.floor(value / 2 ** (32 - prefix)) * 2 ** (32 - prefix);
    return [24, 16, 8, 0].map((shift) => Math.floor(kept / 2 ** shift) % 256).join(".");
  }
  const [head, tail = ""] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split("::");
  const split = (text: string) => text === "" ? [] : text.split(":");
  const groups = [...split(head), ...new Array(8).fill("0"), ...split(tail)];
  const missing = split(head).length + split(tail).length;
  groups.splice(split(head).length, missing);
  return groups.map((group, i) => {
    const keep = Math.min(16, Math.max(0, prefix - 16 * i));
    return (parseInt(group, 16) & (0xffff << (16 - keep)) & 0xffff).toString(16);
  }).join(":");
}
