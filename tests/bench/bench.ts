/**
 * `deno task bench`: speed and memory of the library and of the daemon, the latter beside an echo server on the same
 * stack, in turns within one run, since machines are noisy. `deno task bench listener` measures the port alone.
 *
 * @module
 */
import * as grpc from "@grpc/grpc-js";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { ciphertextScore, ScoreEncryptor } from "../support/blobs.ts";
import { LIBRARY, ROOT } from "../support/paths.ts";
import { memoryOf } from "../support/process_memory.ts";
import { TestVault } from "../support/test_vault.ts";
import { benchLibrary } from "./library.ts";
import { benchSecretsHttp } from "./secrets_http_bench.ts";

const ROUNDS = 5;
const ROUND_MS = 1500;
const CIPHERTEXTS = [1, 10, 244];
const IN_FLIGHT = [1, 8];
const LISTENER_BYTES = [1_000, 100_000, 20_000_000];
/** Two servers that differ in nothing else: it takes more rounds to tell them apart. */
const LISTENER_ROUNDS = 9;
const ROWS = 4096;
const TOP_K = 10;

const print = (line: string) => console.log(line);
const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

/** Sends the same serialized request again and again. */
class Caller implements Disposable {
  readonly #client: grpc.Client;

  constructor(port: number, ca: string, readonly path: string, readonly request: Buffer) {
    this.#client = new grpc.Client(`localhost:${port}`, grpc.credentials.createSsl(Buffer.from(ca)), {
      "grpc.max_send_message_length": -1,
      "grpc-node.flow_control_window": 4 << 20,
    });
  }

  call(): Promise<void> {
    return new Promise((resolve, reject) => {
      const bytes = (message: Buffer) => message;
      this.#client.makeUnaryRequest(
        this.path,
        bytes,
        bytes,
        this.request,
        (error) => error ? reject(error) : resolve(),
      );
    });
  }

  /** Calls per second with so many in flight. */
  async rate(inFlight: number): Promise<number> {
    const started = performance.now();
    let calls = 0;
    const worker = async () => {
      while (performance.now() - started < ROUND_MS) {
        await this.call();
        calls++;
      }
    };
    await Promise.all(Array.from({ length: inFlight }, worker));
    return calls / (performance.now() - started) * 1000;
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}

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

/** The event loop's longest holds, as loop_probe.ts prints them from inside a server. */
class LoopProbe {
  readonly port = Promise.withResolvers<number>();
  #longest = 0;

  constructor(stdout: ReadableStream<Uint8Array>) {
    this.#read(stdout);
  }

  take(): number {
    const longest = this.#longest;
    this.#longest = 0;
    return longest;
  }

  async #read(stdout: ReadableStream<Uint8Array>): Promise<void> {
    for await (const text of stdout.pipeThrough(new TextDecoderStream())) {
      for (const line of text.trim().split("\n")) {
        if (line.startsWith("port ")) this.port.resolve(Number(line.slice(5)));
        else this.#longest = Math.max(this.#longest, Number(line));
      }
    }
  }
}

interface Echo {
  readonly port: number;
  readonly probe: LoopProbe;
  readonly process: Deno.ChildProcess;
}

async function startEcho(certs: string, listener: "grpc-js" | "one-port" = "grpc-js"): Promise<Echo> {
  const args = ["run", "-A", `${ROOT}tests/bench/echo_server.ts`, certs, listener];
  const process = new Deno.Command(Deno.execPath(), { args, stdin: "null", stdout: "piped" }).spawn();
  const probe = new LoopProbe(process.stdout);
  return { port: await probe.port.promise, probe, process };
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

/** What it costs that the port is shared: the same echo server behind grpc-js's own listener and behind the vault's. */
async function benchListener(): Promise<void> {
  await using vault = await TestVault.start();
  const certs = join(vault.dir, "certs");
  const own = await startEcho(certs), shared = await startEcho(certs, "one-port");
  print("\nThe listener alone: an echo server, calls a second (median of rounds, in turns)");
  print("request bytes  in flight  one port  grpc-js's   ratio");
  for (const bytes of LISTENER_BYTES) {
    const request = Buffer.alloc(bytes, "A");
    using sharedCaller = new Caller(shared.port, vault.ca, "/bench.Echo/Echo", request);
    using ownCaller = new Caller(own.port, vault.ca, "/bench.Echo/Echo", request);
    for (const inFlight of IN_FLIGHT) {
      const sides = { vault: { ...shared, caller: sharedCaller }, echo: { ...own, caller: ownCaller } };
      const rates = await compare(sides.vault, sides.echo, inFlight, LISTENER_ROUNDS);
      const columns = [
        String(bytes).padStart(13),
        String(inFlight).padStart(9),
        rates.vault.toFixed(1).padStart(8),
        rates.echo.toFixed(1).padStart(9),
        `${(rates.vault / rates.echo * 100).toFixed(0)} %`.padStart(6),
      ];
      print(columns.join("  "));
    }
  }
  for (const { process } of [own, shared]) {
    process.kill("SIGKILL");
    await process.status;
  }
  print(`\nGET /health, 8 connections: ${(await healthRate(vault, 8)).toFixed(0)} answers a second`);
}

/** Answers per second over so many connections that stay open. */
async function healthRate(vault: TestVault, connections: number): Promise<number> {
  using client = Deno.createHttpClient({ caCerts: [vault.ca], http2: false });
  const started = performance.now();
  let answers = 0;
  await Promise.all(Array.from({ length: connections }, async () => {
    while (performance.now() - started < 2 * ROUND_MS) {
      await (await fetch(`https://localhost:${vault.port}/health`, { client })).arrayBuffer();
      answers++;
    }
  }));
  return answers / (performance.now() - started) * 1000;
}

interface Side {
  readonly caller: Caller;
  readonly probe: LoopProbe;
}

async function compare(vault: Side, echo: Side, inFlight: number, rounds = ROUNDS) {
  const rates = { vault: [] as number[], echo: [] as number[] };
  let vaultHeld = 0, echoHeld = 0;
  await Promise.all([vault.caller.rate(inFlight), echo.caller.rate(inFlight)]); // warm up
  for (let round = 0; round < rounds; round++) {
    echo.probe.take();
    rates.echo.push(await echo.caller.rate(inFlight));
    echoHeld = Math.max(echoHeld, echo.probe.take());
    vault.probe.take();
    rates.vault.push(await vault.caller.rate(inFlight));
    vaultHeld = Math.max(vaultHeld, vault.probe.take());
  }
  return { vault: median(rates.vault), echo: median(rates.echo), vaultHeld, echoHeld };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

print(`Deno ${Deno.version.deno}, ${navigator.hardwareConcurrency} cores`);
if (!Deno.args.includes("listener")) {
  benchLibrary(LIBRARY, blobOf, print);
  await benchDaemon();
}
await benchListener();
await benchSecretsHttp(print);
Deno.exit(0); // the probe's reader still waits
