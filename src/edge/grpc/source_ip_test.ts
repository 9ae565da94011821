import assert from "node:assert/strict";
import { sourceIp } from "./source_ip.ts";

for (
  const { peer, want } of [
    { peer: "10.0.0.5:12345", want: "10.0.0.5" },
    { peer: "10.0.0.1", want: "10.0.0.1" },
    { peer: "::1:12345", want: "[::1]" },
    { peer: "[::1]:12345", want: "[::1]" },
    { peer: "2001:db8::7:443", want: "[2001:db8::7]" },
    { peer: "::ffff:10.0.0.9:12345", want: "10.0.0.9" },
    { peer: "unix:/run/vault", want: "unix:/run/vault" },
    { peer: "unknown", want: "unknown" },
    { peer: "", want: "unknown" },
  ]
) {
  Deno.test(`sourceIp() of ${JSON.stringify(peer)} is ${want}`, () => assert.equal(sourceIp(peer), want));
}
