/**
 * `deno task bench`: speed and memory of the library and of the daemon, the latter beside an echo server on the same
 * stack, in turns within one run, since machines are noisy. `deno task bench listener` measures the port alone.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { ciphertextScore, ScoreEncryptor } from "../support/blobs.ts";
import { LIBRARY, ROOT } from "../support/paths.ts";
import { memoryOf } from "../support/process_memory.ts";
import { TestVault } from "../support/test_vault.ts";
import { Caller, median } from "./caller.ts";
import { LoopProbe, startEcho } from "./echo.ts";
import { benchLibrary } from "./library.ts";
import { benchListener } from "./listener.ts";
import { benchSecretsHttp } from "./secrets_http_bench.ts";
import { benchSecretsStore } from "./secrets_store_bench.ts";
import { benchTokens } from "./tokens_bench.ts";

const ROUNDS = 5;
const ROUND_MS = 1500;
const CIPHERTEXTS = [1, 10, 244];
const IN_FLIGHT = [1, 8];
const ROWS = 4096;
const TOP_K = 10;

const print = (line: string) => console.log(line);
const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

/** DecryptScoresRequest { token, encrypted_blob_b64, top_k } as bytes. */
function requestOf(token: string, blob: string): Buffer {
  const length = (value: number): number[] => value < 128 ? [value] : [value & 127 | 128, ...length(value >>> 7)];
  const text = (
    field: number,
    value: string,
  ) => [Buffer.from([field << 3 | 2, ...length(value.length)]), Buffer.from(value)];
  return Buffer.concat([...text(1, token), ...text(2, blob), Buffer.from([3 << 3, TOP_K])]);
}

function blobOf(ciphertexts: number): string {
  const scores = Array.from({ length: ROWS }, (_, i) => Math.sin(i));
  return ciphertextScore(Array(ciphertexts).fill(ScoreEncryptor.golden().searchResult(scores))).toBase64();
}

async function benchDaemon(): Promise<void> {
  await using vault = await TestVault.start({ preload: `${ROOT}tests/bench/loop_probe.ts` });
  const probe = new LoopProbe(vault.stdout), atRest = (await memoryOf(vault.pid)).now;
  const token = await vault.issueToken("bench");
  await vault.cli("role", "update", "--name", "admin", "--rate-limit", "100000000/1s");
  const echo = await startEcho(join(vault.dir, "certs"));
  print("\nDecryptScores over TLS, calls a second (median of rounds, in turns with the echo server)");
  print("ciphertexts  in flight    vault     echo   ratio   event loop held at most: vault, echo");
  for (const ciphertexts of CIPHERTEXTS) {
    const request = requestOf(token, blobOf(ciphertexts));
    using vaultCaller = new Caller(vault.port, vault.ca, "/rune.vault.v1.VaultService/DecryptScores", request);
    using echoCaller = new Caller(echo.port, vault.ca, "/bench.Echo/Echo", request);
    for (const inFlight of IN_FLIGHT) {
      const rates = await compare(
        { caller: vaultCaller, probe },
        { caller: echoCaller, probe: echo.probe },
        inFlight,
      );
      const columns = [
        String(ciphertexts).padStart(11),
        String(inFlight).padStart(9),
        rates.vault.toFixed(1).padStart(7),
        rates.echo.toFixed(1).padStart(7),
        `${(rates.vault / rates.echo * 100).toFixed(0)} %`.padStart(6),
        `${rates.vaultHeld.toFixed(1).padStart(6)} ms`,
        `${rates.echoHeld.toFixed(1).padStart(6)} ms`,
      ];
      print(columns.join("  "));
    }
  }
  const { now, peak } = await memoryOf(vault.pid);
  print(`\nResident memory of the daemon: ${mib(atRest)} at rest, ${mib(now)} after the run, ${mib(peak)} at most`);
  echo.process.kill("SIGKILL");
  await echo.process.status;
}

interface Side {
  readonly caller: Caller;
  readonly probe: LoopProbe;
}

async function compare(vault: Side, echo: Side, inFlight: number) {
  const rates = { vault: [] as number[], echo: [] as number[] };
  let vaultHeld = 0, echoHeld = 0;
  await Promise.all([vault.caller.rate(inFlight, ROUND_MS), echo.caller.rate(inFlight, ROUND_MS)]); // warm up
  for (let round = 0; round < ROUNDS; round++) {
    echo.probe.take();
    rates.echo.push((await echo.caller.rate(inFlight, ROUND_MS)).rate);
    echoHeld = Math.max(echoHeld, echo.probe.take());
    vault.probe.take();
    rates.vault.push((await vault.caller.rate(inFlight, ROUND_MS)).rate);
    vaultHeld = Math.max(vaultHeld, vault.probe.take());
  }
  return { vault: median(rates.vault), echo: median(rates.echo), vaultHeld, echoHeld };
}

print(`Deno ${Deno.version.deno}, ${navigator.hardwareConcurrency} cores`);
const parts: Record<string, () => void | Promise<void>> = {
  library: () => benchLibrary(LIBRARY, blobOf, print),
  daemon: benchDaemon,
  listener: () => benchListener(print),
  tokens: () => benchTokens(print),
  "secrets-http": () => benchSecretsHttp(print),
  "secrets-store": () => benchSecretsStore(print),
};
for (const name of Deno.args.length > 0 ? Deno.args : Object.keys(parts)) {
  if (!parts[name]) throw new Error(`no such part: ${name} (choose from ${Object.keys(parts).join(", ")})`);
  await parts[name]();
}
Deno.exit(0); // the probe's reader still waits
