import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import { callHeaders, FLAG, FRAME, type Frame, Http2Attacker, messagePrefix } from "../support/http2_attacker.ts";
import { memoryOf } from "../support/process_memory.ts";
import { run, TestVault } from "../support/test_vault.ts";
import { VaultClient } from "../support/vault_client.ts";

const MIB = 2 ** 20;
const HELLO = JSON.stringify({ a: "abc123def456", c: "OhawM+14dWV/2KJwL0Ud3pqJpP6Mr7XVfCsM" });

interface Target {
  readonly vault: TestVault;
  attacker(): Promise<Http2Attacker>;
}

/** Attacks a vault while an honest client calls it all the time: that one is served, and the daemon lives on. */
async function survive(attack: (target: Target) => Promise<void>, { peakMiB }: { peakMiB: number }): Promise<void> {
  await using vault = await TestVault.start();
  const token = await vault.issueToken("alice");
  await vault.cli("role", "update", "--name", "admin", "--rate-limit", "1000000/60s");
  const pid = vault.pid, attackers: Http2Attacker[] = [];
  const honest = new HonestClient(vault, token);
  try {
    await attack({
      vault,
      attacker: async () => {
        const attacker = await Http2Attacker.connect(vault.port, vault.ca);
        attackers.push(attacker);
        return attacker;
      },
    });
    const { served, last } = await honest.stop();
    assert.ok(served > 0 && last === "hello world");
  } finally {
    for (const attacker of attackers) {
      attacker[Symbol.dispose]();
      await attacker.ended;
    }
  }
  assert.equal(vault.pid, pid);
  if (Deno.build.os === "linux") {
    const { peak } = await memoryOf(pid);
    assert.ok(peak < peakMiB * MIB, `the daemon took ${(peak / MIB).toFixed(0)} MiB`);
  }
  assert.equal((await vault.stop()).code, 0, vault.stderr);
}

/** Calls one after another until it is told to stop; a refused or lost call fails the test. */
class HonestClient {
  #stopped = false;
  readonly #calls: Promise<{ served: number; last: string }>;

  constructor(vault: TestVault, token: string) {
    this.#calls = this.#run(vault, token);
    this.#calls.catch(() => {}); // stop() reports it
  }

  stop(): Promise<{ served: number; last: string }> {
    this.#stopped = true;
    return this.#calls;
  }

  async #run(vault: TestVault, token: string): Promise<{ served: number; last: string }> {
    using client = new VaultClient(`localhost:${vault.port}`, vault.ca);
    let served = 0, last = "";
    do {
      const response = await client.decryptMetadata({ token, encrypted_metadata_list: [HELLO] });
      last = response.decrypted_metadata[0];
      served++;
    } while (!this.#stopped);
    return { served, last };
  }
}

function times<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i));
}

const body = (stream: number, payload: Uint8Array, flags = 0): Frame => ({ type: FRAME.data, stream, payload, flags });

Deno.test("sessions that end with and without GOAWAY leave the daemon alive", () =>
  survive(async ({ attacker }) => {
    for (let round = 0; round < 60; round++) {
      using session = await attacker();
      const streams = times(100, (i) => callHeaders(2 * i + 1, { flags: FLAG.endHeaders | FLAG.endStream }));
      await session.send(...streams);
      if (round % 3 === 0) await session.send({ type: FRAME.goAway, payload: new Uint8Array(8) });
      if (round % 3 === 1) {
        await session.send({ type: FRAME.goAway, payload: new Uint8Array(8) }, {
          type: FRAME.ping,
          payload: new Uint8Array(8),
        });
      }
    }
  }, { peakMiB: 700 }));

const h2load = ["/usr/bin/h2load", "/usr/local/bin/h2load"].find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});

/** It offers HTTP/1.1 too, which the port then prefers. */
const HTTP2_ONLY = "--npn-list=h2";

Deno.test({
  name: "h2load rounds leave the daemon alive (denoland/deno#36788)",
  ignore: h2load === undefined,
  fn: () =>
    survive(async ({ vault }) => {
      const url = `https://localhost:${vault.port}/rune.vault.v1.VaultService/DecryptScores`;
      for (let round = 0; round < 5; round++) {
        const { stdout } = await run(h2load!, [HTTP2_ONLY, "-n", "2000", "-c", "1", url]);
        assert.match(stdout, /2000 done/);
      }
      await run(h2load!, [HTTP2_ONLY, "-n", "5000", "-c", "50", "-m", "20", url]);
    }, { peakMiB: 700 }),
});

Deno.test("floods of resets, settings, pings, headers and nonsense leave the daemon alive", () =>
  survive(async ({ attacker }) => {
    const floods: ((i: number) => Frame[])[] = [
      (i) => [callHeaders(2 * i + 1), { type: FRAME.reset, stream: 2 * i + 1, payload: new Uint8Array(4) }],
      () => [{ type: FRAME.settings, payload: Uint8Array.of(0, 4, 0, 1, 0, 0) }],
      () => [{ type: FRAME.ping, payload: new Uint8Array(8) }],
      (i) =>
        i === 0
          ? [callHeaders(1, { flags: 0 })]
          : [{ type: FRAME.continuation, stream: 1, payload: new Uint8Array(1000).fill(0x20) }],
      () => [{ type: FRAME.data, stream: 77, payload: new Uint8Array(100) }],
      (i) => [callHeaders(2 * i + 1, { extra: { "x-filler": "f".repeat(120) } })],
      (i) => [{ type: 200, flags: 255, stream: i, payload: new Uint8Array(50) }],
    ];
    for (const flood of floods) {
      for (let connection = 0; connection < 3; connection++) {
        const session = await attacker();
        for (let i = 0; i < 10_000 && !session.isClosed; i += 500) {
          await session.send(...times(500, (j) => flood(i + j)).flat());
        }
      }
    }
    const garbage = await attacker();
    await garbage.sendBytes(crypto.getRandomValues(new Uint8Array(60_000)));
  }, { peakMiB: 900 }));

Deno.test("10,000 streams with half-sent bodies take bounded memory", () =>
  survive(async ({ attacker }) => {
    for (let connection = 0; connection < 40; connection++) {
      const session = await attacker();
      for (let i = 0; i < 250; i += 50) {
        await session.send(
          ...times(50, (j) => {
            const stream = 2 * (i + j) + 1;
            return [callHeaders(stream), body(stream, messagePrefix(200 * MIB)), body(stream, new Uint8Array(1000))];
          }).flat(),
        );
      }
    }
  }, { peakMiB: 900 }));

Deno.test("bodies of many megabytes that never end are bounded by the budget", () =>
  survive(async ({ attacker }) => {
    // 12 times 100 MiB: more than twice the budget of unanswered requests.
    const sessions = await Promise.all(times(12, () => attacker()));
    const taken = await Promise.all(sessions.map(async (session) => {
      await session.send(callHeaders(1));
      if (!await session.sendBody(1, messagePrefix(250 * MIB))) return false;
      const chunk = new Uint8Array(MIB);
      for (let sent = 0; sent < 100; sent++) {
        if (!await session.sendBody(1, chunk)) return false;
      }
      return true;
    }));
    assert.ok(taken.includes(false), "the budget never cut anyone off");
    assert.ok(taken.includes(true), "the budget cut everyone off");
  }, { peakMiB: 1536 }));

Deno.test("compressed requests that inflate a thousandfold are bounded", () =>
  survive(async ({ attacker }) => {
    const bomb = gzipSync(new Uint8Array(250 * MIB), { level: 9 });
    const sessions = await Promise.all(times(12, () => attacker()));
    await Promise.all(sessions.map(async (session) => {
      await session.send(callHeaders(1, { extra: { "grpc-encoding": "gzip" } }));
      await session.sendBody(1, messagePrefix(bomb.length, true)) && await session.sendBody(1, bomb);
    }));
  }, { peakMiB: 1536 }));

Deno.test("calls of reflection that ask on and never read are answered for so long, in bounded memory", () =>
  survive(async ({ attacker }) => {
    const symbol = new TextEncoder().encode("rune.vault.v1.VaultService"), fileContainingSymbol = 4 << 3 | 2;
    const question = Uint8Array.of(fileContainingSymbol, symbol.length, ...symbol);
    const questions = Buffer.concat(times(20_000, () => [messagePrefix(question.length), question]).flat());
    const path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    for (const session of await Promise.all(times(8, () => attacker()))) {
      await session.send(callHeaders(1, { path }));
      await session.sendBody(1, questions);
    }
  }, { peakMiB: 400 }));
