import assert from "node:assert/strict";
import { HealthSurface } from "./mod.ts";
import { HttpFixture } from "./testing.ts";

for (
  const { name, keysLoaded, isServing, want } of [
    { name: "serves", keysLoaded: true, isServing: true, want: [200, "healthy"] },
    { name: "has no keys", keysLoaded: false, isServing: true, want: [503, "unhealthy"] },
    { name: "drains", keysLoaded: true, isServing: false, want: [503, "draining"] },
    { name: "drains without keys", keysLoaded: false, isServing: false, want: [503, "draining"] },
  ]
) {
  Deno.test(`GET /health answers ${want[0]} while the vault ${name}`, async () => {
    const health = new HealthSurface({
      version: "v1.2.3",
      keysLoaded: () => keysLoaded,
      isServing: () => isServing,
      uptimeSeconds: () => 61.9,
    });
    await using fixture = await HttpFixture.start({ surfaces: [health] });
    const ask = (method: string) => `${method} /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
    const [head, body] = (await fixture.exchange(ask("GET"))).split("\r\n\r\n");
    assert.equal(Number(head.split(" ")[1]), want[0]);
    assert.deepEqual(JSON.parse(body), {
      status: want[1],
      vault_version: "1.2.3",
      fhe_keys_loaded: keysLoaded,
      uptime_seconds: 61,
    });
    const bare = await fixture.exchange(ask("HEAD"));
    assert.match(bare, new RegExp(`^HTTP/1\\.1 ${want[0]} [^]*content-length: ${body.length}\r\n`));
    assert.ok(bare.endsWith("\r\n\r\n"), "HEAD has no body");
    assert.match(await fixture.exchange(ask("DELETE")), /^HTTP\/1\.1 405 [^]*allow: GET, HEAD\r\n/);
  });
}
