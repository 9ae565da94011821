import assert from "node:assert/strict";
import { memoryOf, processorTimeOf } from "../support/process_memory.ts";
import { run, TestVault } from "../support/test_vault.ts";
import { VaultClient } from "../support/vault_client.ts";
import { until } from "../support/until.ts";

const ATTACKERS = 1_000;
const CALLERS = 4;
const CALLS = 40;
/** Beyond noise: during the attack other tests, too, run on the machine's two cores. */
const SLOWER_AT_MOST = 10;
const MIB = 2 ** 20;
const encode = (text: string) => new TextEncoder().encode(text);
/** What each kind of attacker sends before it goes silent. */
const OPENINGS = [
  encode(""),
  encode("GET /health HTTP/1.1\r\nHost: a\r\nX-Slow: "),
  crypto.getRandomValues(new Uint8Array(500)),
  encode(`GET /health HTTP/1.1\r\nHost: a\r\nX: ${"a".repeat(30_000)}`),
  encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
];

function descriptors(pid: number): number {
  return [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
}

/** Real callers, all at the same time. @returns The median time of a call and of a GET, in milliseconds. */
async function latencies(vault: TestVault, token: string, tls: boolean): Promise<{ call: number; get: number }> {
  using client = Deno.createHttpClient({ caCerts: [vault.ca] });
  const calls: number[] = [], gets: number[] = [];
  await Promise.all(Array.from({ length: CALLERS }, async () => {
    using rpc = new VaultClient(`localhost:${vault.port}`, tls ? vault.ca : undefined);
    for (let i = 0; i < CALLS; i++) {
      const started = performance.now();
      assert.equal((await rpc.getPublicKey({ token })).error, "");
      const between = performance.now();
      const answer = await fetch(`${tls ? "https" : "http"}://localhost:${vault.port}/health`, { client });
      assert.equal((await answer.json()).status, "healthy");
      calls.push(between - started);
      gets.push(performance.now() - between);
    }
  }));
  return { call: median(calls), get: median(gets) };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

/** Some in TLS, the others in the clear, whatever the port speaks. */
async function attack(vault: TestVault, i: number, tls: boolean): Promise<Deno.Conn> {
  const hostname = "localhost", alpnProtocols = i % 2 ? ["h2"] : ["http/1.1"];
  const connection = tls && i % 8 < 4
    ? await Deno.connectTls({ hostname, port: vault.port, caCerts: [vault.ca], alpnProtocols })
    : await Deno.connect({ hostname: "127.0.0.1", port: vault.port });
  await connection.write(OPENINGS[i % OPENINGS.length]).catch(() => {});
  return connection;
}

for (const tls of [true, false]) {
  Deno.test({
    name: `1,000 hostile connections ${tls ? "in TLS and clear text" : "in clear text"} do not hold the port`,
    ignore: Deno.build.os !== "linux",
    fn: async () => {
      await using vault = await TestVault.start({ tls });
      const token = await vault.issueToken("alice"), { pid } = vault;
      await vault.cli("role", "update", "--name", "admin", "--rate-limit", "1000000/60s");
      const before = await latencies(vault, token, tls), memory = await memoryOf(pid), open = descriptors(pid);
      const connections = await Promise.all(Array.from({ length: ATTACKERS }, (_, i) => attack(vault, i, tls)));
      try {
        const during = await latencies(vault, token, tls);
        for (const kind of ["call", "get"] as const) {
          const text = `a ${kind} took ${during[kind].toFixed(1)} ms, ${before[kind].toFixed(1)} ms before`;
          assert.ok(during[kind] < SLOWER_AT_MOST * before[kind], text);
        }
      } finally {
        for (const connection of connections) connection.close();
      }
      const { peak } = await memoryOf(pid);
      assert.ok(
        peak - memory.now < 200 * MIB,
        `${(memory.now / MIB).toFixed(0)} MiB became ${(peak / MIB).toFixed(0)}`,
      );
      await until(() => descriptors(pid) <= open + 10, { withinMs: 20_000 });
      assert.ok(descriptors(pid) <= open + 10, `${descriptors(pid)} descriptors, ${open} before`);
      assert.equal(vault.pid, pid);
    },
  });
}

const hasPrlimit = await run("prlimit", ["--version"]).then(({ code }) => code === 0, () => false);

Deno.test({
  name: "a vault that is out of descriptors neither ends nor spins, and serves again once some are free",
  ignore: Deno.build.os !== "linux" || !hasPrlimit,
  fn: async () => {
    await using vault = await TestVault.start();
    const token = await vault.issueToken("alice"), { pid, port } = vault, open = descriptors(pid);
    await run("prlimit", ["--pid", String(pid), `--nofile=${open + 20}`]);
    const connections = await Promise.all(
      Array.from({ length: 100 }, () => Deno.connect({ hostname: "127.0.0.1", port })),
    );
    await until(() => descriptors(pid) >= open + 20, { withinMs: 20_000 });
    const busy = processorTimeOf(pid), said = vault.stderr.length;
    assert.ok(descriptors(pid) < open + 100);
    await new Promise((resolve) => setTimeout(resolve, 2_000)); // the span over which it must not spin
    const spent = processorTimeOf(pid) - busy;
    assert.ok(spent < 1_000, `${spent.toFixed(0)} ms of processor time in 2 s`);
    assert.ok(vault.stderr.length - said < 20_000, "a line for each attempt");
    for (const connection of connections) connection.close();
    await until(() => descriptors(pid) <= open + 10, { withinMs: 20_000 });
    using rpc = new VaultClient(`localhost:${port}`, vault.ca);
    assert.equal((await rpc.getPublicKey({ token })).error, "");
    using client = Deno.createHttpClient({ caCerts: [vault.ca] });
    assert.equal((await (await fetch(`https://localhost:${port}/health`, { client })).json()).status, "healthy");
    assert.equal(vault.pid, pid);
  },
});
