import assert from "node:assert/strict";
import { TestVault } from "../support/test_vault.ts";
import { VaultClient } from "../support/vault_client.ts";

const ATTACKERS = 1_000;
const encode = (text: string) => new TextEncoder().encode(text);
/** What each kind of attacker sends before it goes silent. */
const OPENINGS = [
  encode(""),
  encode("GET /health HTTP/1.1\r\nHost: a\r\nX-Slow: "),
  crypto.getRandomValues(new Uint8Array(500)),
  encode(`GET /health HTTP/1.1\r\nHost: a\r\nX: ${"a".repeat(30_000)}`),
];

function descriptors(pid: number): number {
  return [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
}

for (const tls of [true, false]) {
  Deno.test({
    name: `1,000 hostile connections ${tls ? "in TLS and clear text" : "in clear text"} do not hold the port`,
    ignore: Deno.build.os !== "linux",
    fn: async () => {
      await using vault = await TestVault.start({ tls });
      const token = await vault.issueToken("alice"), { pid } = vault, before = descriptors(pid);
      const connections = await Promise.all(Array.from({ length: ATTACKERS }, async (_, i) => {
        const secure = tls && i % 8 < 4, hostname = "localhost";
        const connection = secure
          ? await Deno.connectTls({ hostname, port: vault.port, caCerts: [vault.ca] })
          : await Deno.connect({ hostname: "127.0.0.1", port: vault.port });
        await connection.write(OPENINGS[i % OPENINGS.length]).catch(() => {});
        return connection;
      }));
      using rpc = new VaultClient(`localhost:${vault.port}`, tls ? vault.ca : undefined);
      using client = Deno.createHttpClient({ caCerts: [vault.ca] });
      for (let i = 0; i < 20; i++) {
        assert.equal((await rpc.getPublicKey({ token })).error, "");
        const answer = await fetch(`${tls ? "https" : "http"}://localhost:${vault.port}/health`, { client });
        assert.equal((await answer.json()).status, "healthy");
      }
      for (const connection of connections) connection.close();
      const until = performance.now() + 20_000;
      while (descriptors(pid) > before + 10 && performance.now() < until) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      assert.ok(descriptors(pid) <= before + 10, `${descriptors(pid)} descriptors, ${before} before`);
      assert.equal(vault.pid, pid);
    },
  });
}
