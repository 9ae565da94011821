import assert from "node:assert/strict";
import fc from "fast-check";
import { namedAddressSet } from "./mod.ts";

const KEY = "secrets.allowed_ips";

for (
  const item of ["not-an-ip", "999.1.1.1", "10.0.0.0/33", "", " ", "10.0.0.1,10.0.0.2", "::g", "::/129", "1.2.3.4/-1"]
) {
  Deno.test(`namedAddressSet() refuses ${JSON.stringify(item)} with its key and place`, () => {
    assert.throws(() => namedAddressSet(KEY, ["10.0.0.0/8", item, "::1"]), (reason) => {
      assert.equal((reason as { code: string }).code, "INVALID_ARGUMENT");
      return (reason as Error).message.startsWith("secrets.allowed_ips: item 2: ");
    });
  });
}

Deno.test("namedAddressSet() without items holds nobody", () => {
  for (const address of ["127.0.0.1", "0.0.0.0", "::1", "::"]) {
    assert.equal(namedAddressSet(KEY, []).has(address), false);
  }
});

Deno.test("namedAddressSet() with one address holds that host, with a block its range, with several all of them", () => {
  const one = namedAddressSet(KEY, ["10.0.0.5"]), host = namedAddressSet(KEY, ["10.0.0.5/32"]);
  for (const set of [one, host]) {
    assert.deepEqual(["10.0.0.5", "10.0.0.4", "10.0.0.6"].map((address) => set.has(address)), [true, false, false]);
  }
  const several = namedAddressSet(KEY, ["10.0.0.0/16", "192.0.2.1", "2001:db8::/32"]);
  for (const address of ["10.0.255.255", "192.0.2.1", "2001:db8:1::1"]) assert.ok(several.has(address), address);
  for (const address of ["10.1.0.0", "192.0.2.2", "2001:db9::"]) assert.equal(several.has(address), false, address);
});

Deno.test("namedAddressSet() takes any texts: a set or a refusal, and look-ups of anything", () => {
  fc.assert(fc.property(fc.array(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6())), fc.string(), (items, address) => {
    try {
      assert.equal(typeof namedAddressSet(KEY, items).has(address), "boolean");
    } catch (reason) {
      assert.equal((reason as { code: string }).code, "INVALID_ARGUMENT");
    }
  }));
});
