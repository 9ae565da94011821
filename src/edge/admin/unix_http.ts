/**
 * One HTTP/1.1 exchange over a Unix socket.
 *
 * Not by node:http: Deno 2.9.3 closes the descriptor of its Unix sockets twice, and by the second time the number may
 * belong to another file or connection of the process (seen with strace: one EBADF for each request).
 *
 * @module
 */

export interface HttpRequest {
  readonly method: string;
  /** Goes onto the wire as it is. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Aborted: the exchange is given up. */
  readonly signal?: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
}

const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const CHUNK_BYTES = 65_536;

/** @throws When it cannot connect, or the answer is cut off, too long or no HTTP. */
export async function unixHttp(path: string, request: HttpRequest): Promise<HttpAnswer> {
  request.signal?.throwIfAborted();
  const connection = await Deno.connect({ transport: "unix", path });
  const close = new Closing(connection);
  request.signal?.addEventListener("abort", close.now);
  try {
    request.signal?.throwIfAborted(); // while it was connecting
    await writeAll(connection, new TextEncoder().encode(requestText(request)));
    return parseAnswer(await readToEnd(connection), request.method);
  } catch (reason) {
    request.signal?.throwIfAborted();
    throw reason;
  } finally {
    request.signal?.removeEventListener("abort", close.now);
    close.now();
  }
}

class Closing {
  #isClosed = false;

  constructor(readonly connection: Deno.Conn) {}

  readonly now = (): void => {
    if (!this.#isClosed) this.connection.close();
    this.#isClosed = true;
  };
}

function requestText({ method, target, headers = {}, body }: HttpRequest): string {
  const length = body === undefined ? {} : { "Content-Length": `${new TextEncoder().encode(body).length}` };
  const all = { Host: "admin", Connection: "close", ...length, ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/1.1\r\n${lines.join("")}\r\n${body ?? ""}`;
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  try {
    for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
  } catch (reason) {
    // A server may answer and close before it has read everything: what it said counts.
    if (!(reason instanceof Deno.errors.BrokenPipe || reason instanceof Deno.errors.ConnectionReset)) throw reason;
  }
}

async function readToEnd(connection: Deno.Conn): Promise<Uint8Array> {
  const parts: Uint8Array[] = [], chunk = new Uint8Array(CHUNK_BYTES);
  let total = 0;
  for (let count: number | null; (count = await connection.read(chunk)) !== null;) {
    parts.push(chunk.slice(0, count));
    total += count;
    if (total > MAX_ANSWER_BYTES) throw new Error("the answer is too long");
  }
  return new Uint8Array(await new Blob(parts as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}

function parseAnswer(bytes: Uint8Array, method: string): HttpAnswer {
  const all = new TextDecoder("latin1").decode(bytes), end = all.indexOf("\r\n\r\n");
  const [statusLine, ...lines] = all.slice(0, Math.max(0, end)).split("\r\n");
  const status = /^HTTP\/1\.[01] (\d{3})( |$)/.exec(statusLine)?.[1];
  if (status === undefined) throw new Error("the answer was cut off, or is no HTTP");
  const headers = new Map(lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  }));
  const body = bytes.subarray(end + 4), length = headers.get("content-length");
  if (method !== "HEAD" && length !== undefined && Number(length) !== body.length) {
    throw new Error("the answer was cut off");
  }
  return { status: Number(status), headers, text: new TextDecoder().decode(body) };
}
