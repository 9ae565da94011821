/**
 * Get and put of secrets over HTTPS beside an echo route on the same server, in turns within one run. Wanted: get keeps
 * 70 % of the echo's rate; 16 writers reach 4 times one writer.
 *
 * @module
 */
import { join } from "node:path";
import { testCertificates } from "../support/certificates.ts";
import { ROOT } from "../support/paths.ts";

const ROUNDS = 5;
const ROUND_MS = 1500;
const READERS = 8;
const WRITERS = [1, 4, 16];
const ZULU = "2026-06-13T12:00:00Z";
const END_OF_HEAD = new TextEncoder().encode("\r\n\r\n");

/** One keep-alive connection that knows just enough HTTP/1.1. */
class Connection implements Disposable {
  readonly #tls: Deno.TlsConn;
  readonly #buffer = new Uint8Array(65_536);

  private constructor(tls: Deno.TlsConn) {
    this.#tls = tls;
  }

  static async open(port: number, ca: string): Promise<Connection> {
    return new Connection(await Deno.connectTls({ hostname: "localhost", port, caCerts: [ca] }));
  }

  /** Sends one request and waits for the whole answer. */
  async call(request: Uint8Array): Promise<void> {
    for (let sent = 0; sent < request.length;) sent += await this.#tls.write(request.subarray(sent));
    let length = 0;
    for (;;) {
      const count = await this.#tls.read(this.#buffer.subarray(length));
      if (count === null) throw new Error("the server has hung up");
      length += count;
      const end = this.#endOfHead(length);
      if (end < 0) continue;
      const head = new TextDecoder("latin1").decode(this.#buffer.subarray(0, end));
      if (!head.startsWith("HTTP/1.1 20")) throw new Error(head);
      if (length >= end + 4 + Number(/content-length: (\d+)/i.exec(head)![1])) return;
    }
  }

  [Symbol.dispose](): void {
    this.#tls.close();
  }

  #endOfHead(length: number): number {
    for (let at = 0; at + 4 <= length; at++) {
      if (END_OF_HEAD.every((byte, i) => this.#buffer[at + i] === byte)) return at;
    }
    return -1;
  }
}

interface Server {
  readonly port: number;
  readonly token: string;
  readonly ca: string;
}

function requestOf({ token }: Server, method: string, path: string, body?: string): Uint8Array {
  const more = body === undefined ? "" : `content-type: application/json\r\ncontent-length: ${body.length}\r\n`;
  const head = `${method} ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\n${more}\r\n`;
  return new TextEncoder().encode(head + (body ?? ""));
}

/** Calls a second on as many new connections as there are requests, each with its own one. */
async function rate({ port, ca }: Server, requests: readonly Uint8Array[]): Promise<number> {
  const connections = await Promise.all(requests.map(() => Connection.open(port, ca)));
  const started = performance.now();
  let calls = 0;
  await Promise.all(connections.map(async (connection, i) => {
    while (performance.now() - started < ROUND_MS) {
      await connection.call(requests[i]);
      calls++;
    }
  }));
  const found = calls / (performance.now() - started) * 1000;
  connections.forEach((connection) => connection[Symbol.dispose]());
  return found;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

/** Medians of some things measured in turns. */
async function inTurns(measures: readonly (() => Promise<number>)[]): Promise<number[]> {
  const rates = measures.map((): number[] => []);
  for (const measure of measures) await measure(); // warm up
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, measure] of measures.entries()) rates[i].push(await measure());
  }
  return rates.map(median);
}

async function startServer(directory: string): Promise<{ server: Server; process: Deno.ChildProcess }> {
  const { ca, cert, key } = await testCertificates();
  await Deno.writeTextFile(join(directory, "server.pem"), cert);
  await Deno.writeTextFile(join(directory, "server.key"), key);
  const args = ["run", "-A", "--quiet", `${ROOT}tests/bench/secrets_server.ts`, directory, directory];
  const process = new Deno.Command(Deno.execPath(), { args, stdin: "null", stdout: "piped" }).spawn();
  let text = "";
  for await (const part of process.stdout.pipeThrough(new TextDecoderStream())) {
    text += part;
    const [, port, token] = /port (\d+)\ntoken (\S+)\n/.exec(text) ?? [];
    if (token) return { server: { port: Number(port), token, ca }, process };
  }
  throw new Error("the bench server did not start");
}

/** @param print Takes one line. */
export async function benchSecretsHttp(print: (line: string) => void): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    const { server, process } = await startServer(directory);
    try {
      await benchServer(server, print);
    } finally {
      process.kill("SIGTERM");
      await process.status;
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function benchServer(server: Server, print: (line: string) => void): Promise<void> {
  const value = "v".repeat(64), name = (i: number) => `bench/s${i}`;
  const some = (count: number, request: (i: number) => Uint8Array) =>
    Array.from({ length: count }, (_, i) => request(i));
  using connection = await Connection.open(server.port, server.ca);
  for (let i = 0; i < Math.max(READERS, ...WRITERS); i++) {
    const body = JSON.stringify({ name: name(i), kind: "manual", value });
    await connection.call(requestOf(server, "POST", "/v1/secrets", body));
  }
  const shown = JSON.stringify({
    name: name(0),
    kind: "manual",
    format: "opaque",
    version: 1,
    value,
    created_at: ZULU,
  });
  const [echo, get] = await inTurns([
    () => rate(server, some(READERS, () => requestOf(server, "POST", "/echo", shown))),
    () => rate(server, some(READERS, (i) => requestOf(server, "GET", `/v1/secrets/${name(i)}`))),
  ]);
  print(`\nSecrets over HTTPS, calls a second (median of rounds, in turns; ${READERS} connections)`);
  print(
    `  POST to an echo route ${echo.toFixed(0)}, GET of a secret ${get.toFixed(0)}: ${(get / echo * 100).toFixed(0)} %`,
  );
  // Each writer has a secret of its own: writes to one secret are done one after another.
  const put = (i: number) => requestOf(server, "PUT", `/v1/secrets/${name(i)}`, JSON.stringify({ value }));
  const rates = await inTurns(WRITERS.map((writers) => () => rate(server, some(writers, put))));
  const columns = WRITERS.map((writers, i) => `${writers} writers ${rates[i].toFixed(0)}`);
  print(`  PUT of a secret, durable: ${columns.join(", ")}: ${(rates.at(-1)! / rates[0]).toFixed(1)} times`);
}

if (import.meta.main) {
  await benchSecretsHttp((line) => console.log(line));
}
