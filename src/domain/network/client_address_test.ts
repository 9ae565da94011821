import assert from "node:assert/strict";
import fc from "fast-check";
import { AddressSet, canonicalAddress, clientAddress } from "./mod.ts";

for (
  const { text, want } of [
    { text: "10.0.0.1", want: "10.0.0.1" },
    { text: "::ffff:10.0.0.1", want: "10.0.0.1" },
    { text: "::FFFF:0a00:0001", want: "10.0.0.1" },
    { text: "2001:DB8:0:0:0:0:0:1", want: "2001:db8::1" },
    { text: "2001:0db8::0001", want: "2001:db8::1" },
    { text: "::", want: "::" },
    { text: "0:0:0:0:0:0:0:1", want: "::1" },
    { text: "1::", want: "1::" },
    { text: "1:0:0:2:0:0:0:3", want: "1:0:0:2::3" },
    { text: "1:0:0:2:3:0:0:4", want: "1::2:3:0:0:4" },
    { text: "1:0:2:3:4:5:6:7", want: "1:0:2:3:4:5:6:7" },
    { text: "fe80::1%eth0", want: "fe80::1" },
    { text: "::1.2.3.4", want: "::102:304" },
    { text: "010.0.0.1", want: undefined },
    { text: "10.0.0.1:443", want: undefined },
    { text: "unix:/run/x", want: undefined },
    { text: "", want: undefined },
  ]
) {
  Deno.test(`canonicalAddress() of ${JSON.stringify(text)} is ${want}`, () => {
    assert.equal(canonicalAddress(text), want);
  });
}

Deno.test("canonicalAddress() of any IPv6 address is what the URL standard writes", () => {
  fc.assert(fc.property(fc.ipV6(), (text) => {
    const written = new URL(`http://[${text}]/`).hostname.slice(1, -1);
    if (!written.startsWith("::ffff:")) assert.equal(canonicalAddress(text), written); // mapped ones are IPv4 here
    assert.equal(canonicalAddress(written), canonicalAddress(text));
  }));
});

const PROXIES = new AddressSet(["10.0.0.0/8", "fd00::/8"]);

for (
  const { name, peer, forwarded, want } of [
    {
      name: "a peer that is no proxy, whatever it says",
      peer: "198.51.100.7",
      forwarded: ["203.0.113.1"],
      want: "198.51.100.7",
    },
    { name: "a proxy that says nothing", peer: "10.0.0.1", forwarded: [], want: "10.0.0.1" },
    { name: "a proxy with an empty header", peer: "10.0.0.1", forwarded: [""], want: "10.0.0.1" },
    { name: "whom the proxy saw", peer: "10.0.0.1", forwarded: ["203.0.113.1"], want: "203.0.113.1" },
    {
      name: "not what the client invented",
      peer: "10.0.0.1",
      forwarded: ["192.0.2.66, 203.0.113.1"],
      want: "203.0.113.1",
    },
    {
      name: "the client behind two proxies",
      peer: "10.0.0.1",
      forwarded: ["192.0.2.66,203.0.113.1 , 10.0.0.2"],
      want: "203.0.113.1",
    },
    {
      name: "several headers as one list",
      peer: "10.0.0.1",
      forwarded: ["192.0.2.66", "203.0.113.1", "10.0.0.2"],
      want: "203.0.113.1",
    },
    {
      name: "the proxy where its item is no address",
      peer: "10.0.0.1",
      forwarded: ["203.0.113.1, nonsense"],
      want: "10.0.0.1",
    },
    {
      name: "the last proxy before nonsense",
      peer: "10.0.0.1",
      forwarded: ["203.0.113.1, _hidden, 10.0.0.9"],
      want: "10.0.0.9",
    },
    { name: "an address with a port as nonsense", peer: "10.0.0.1", forwarded: ["203.0.113.1:1234"], want: "10.0.0.1" },
    {
      name: "the leftmost where all are proxies",
      peer: "10.0.0.1",
      forwarded: ["10.0.0.3, 10.0.0.2"],
      want: "10.0.0.3",
    },
    {
      name: "a proxy as IPv4-mapped peer",
      peer: "::ffff:10.0.0.1",
      forwarded: ["::ffff:203.0.113.1"],
      want: "203.0.113.1",
    },
    { name: "IPv6 in one spelling", peer: "fd00::1", forwarded: ["2001:DB8:0::1"], want: "2001:db8::1" },
    { name: "nobody where the peer has no address", peer: "unix:/x", forwarded: ["203.0.113.1"], want: undefined },
    {
      name: "no further than 32 proxies",
      peer: "10.0.0.1",
      forwarded: ["203.0.113.1, " + Array(32).fill("10.0.0.2").join()],
      want: "10.0.0.2",
    },
  ]
) {
  Deno.test(`clientAddress() is ${name}`, () => {
    assert.equal(clientAddress(peer, forwarded, PROXIES), want);
  });
}

const outside = fc.ipV4().filter((text) => !text.startsWith("10."));
const proxy = fc.nat(255).map((n) => `10.1.2.${n}`);
const invention = fc.array(
  fc.oneof(fc.ipV4(), fc.ipV6(), fc.string(), fc.constantFrom("10.0.0.1", "127.0.0.1", "::1")),
);

Deno.test("clientAddress(): nobody outside can appear as anyone else, whatever they send through honest proxies", () => {
  fc.assert(
    fc.property(
      outside,
      fc.array(proxy, { minLength: 1, maxLength: 4 }),
      invention,
      fc.boolean(),
      (client, proxies, invented, isSplit) => {
        // Each proxy appends whom it saw: the client first, then the proxies before it; the last proxy is the peer.
        const seen = [client, ...proxies.slice(0, -1)];
        const header = invented.length === 0 ? [] : [invented.join(", ")];
        const forwarded = isSplit ? [...header, ...seen] : [[...header, ...seen].join(", ")];
        assert.equal(clientAddress(proxies.at(-1)!, forwarded, PROXIES), client);
      },
    ),
    { numRuns: 2_000 },
  );
});

Deno.test("clientAddress(): a peer that is no proxy is itself, whatever it sends", () => {
  fc.assert(fc.property(outside, invention, (peer, invented) => {
    assert.equal(clientAddress(peer, [invented.join(",")], PROXIES), peer);
  }));
});
