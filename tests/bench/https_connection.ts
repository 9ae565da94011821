const END_OF_HEAD = new TextEncoder().encode("\r\n\r\n");
const MAX_ANSWER = 1 << 18;

/** Where calls go, and as whom. */
export interface Target {
  readonly port: number;
  readonly token: string;
  /** PEM. */
  readonly ca: string;
}

/** A whole request as bytes. @param body ASCII. */
export function requestOf({ token }: Target, method: string, path: string, body?: string): Uint8Array {
  const more = body === undefined ? "" : `content-type: application/json\r\ncontent-length: ${body.length}\r\n`;
  const head = `${method} ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\n${more}\r\n`;
  return new TextEncoder().encode(head + (body ?? ""));
}

/** One keep-alive connection that knows just enough HTTP/1.1. */
export class Connection implements Disposable {
  readonly #tls: Deno.TlsConn;
  readonly #buffer = new Uint8Array(MAX_ANSWER);

  private constructor(tls: Deno.TlsConn) {
    this.#tls = tls;
  }

  static async open({ port, ca }: Target): Promise<Connection> {
    const tls = await Deno.connectTls({ hostname: "localhost", port, caCerts: [ca] });
    await tls.handshake(); // else with the first call, which would take that much longer
    return new Connection(tls);
  }

  /**
   * Sends one request and waits for the whole answer.
   *
   * @returns Its body, until the next call.
   * @throws {Error} for a status other than 20x.
   */
  async call(request: Uint8Array): Promise<Uint8Array> {
    for (let sent = 0; sent < request.length;) sent += await this.#tls.write(request.subarray(sent));
    let length = 0;
    for (;;) {
      const count = await this.#tls.read(this.#buffer.subarray(length));
      if (!count) throw new Error(count === null ? "the server has hung up" : "the answer is too long");
      length += count;
      const end = this.#endOfHead(length);
      if (end < 0) continue;
      const head = new TextDecoder("latin1").decode(this.#buffer.subarray(0, end));
      if (!head.startsWith("HTTP/1.1 20")) throw new Error(head);
      const start = end + END_OF_HEAD.length, stop = start + Number(/content-length: (\d+)/i.exec(head)![1]);
      if (length >= stop) return this.#buffer.subarray(start, stop);
    }
  }

  [Symbol.dispose](): void {
    this.#tls.close();
  }

  #endOfHead(length: number): number {
    for (let at = 0; at + END_OF_HEAD.length <= length; at++) {
      if (END_OF_HEAD.every((byte, i) => this.#buffer[at + i] === byte)) return at;
    }
    return -1;
  }
}
