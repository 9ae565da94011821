/** HTTP/2 frame by frame (RFC 9113), for doing what no well-behaved client does. */

export const FRAME = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;
export const FLAG = { ack: 1, endStream: 1, endHeaders: 4 } as const;

const PREFACE = new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const FRAME_HEAD_BYTES = 9;
const MAX_FRAME_BYTES = 16_384;
const DEFAULT_WINDOW_BYTES = 65_535;
const INITIAL_WINDOW_SIZE = 4; // a setting

export interface Frame {
  readonly type: number;
  readonly flags?: number;
  readonly stream?: number;
  readonly payload?: Uint8Array;
}

/** One connection of an attacker. */
export class Http2Attacker implements Disposable {
  readonly #connection: Deno.Conn;
  readonly #windows = new SendWindows();
  /** Whether the server has closed the connection. */
  isClosed = false;
  /** Resolves when the connection has ended. */
  readonly ended: Promise<void>;

  private constructor(connection: Deno.Conn) {
    this.#connection = connection;
    this.ended = this.#readAll();
  }

  /** Connects over TLS and introduces itself with a preface and empty settings. */
  static async connect(port: number, ca: string): Promise<Http2Attacker> {
    const connection = await Deno.connectTls({ hostname: "localhost", port, caCerts: [ca], alpnProtocols: ["h2"] });
    const attacker = new Http2Attacker(connection);
    await attacker.sendBytes(PREFACE);
    await attacker.send({ type: FRAME.settings });
    return attacker;
  }

  /** Sends frames in one write; a connection that the server closed takes them silently. */
  send(...frames: Frame[]): Promise<void> {
    return this.sendBytes(concat(frames.map(encodeFrame)));
  }

  async sendBytes(bytes: Uint8Array): Promise<void> {
    try {
      for (let sent = 0; sent < bytes.length && !this.isClosed;) {
        sent += await this.#connection.write(bytes.subarray(sent));
      }
    } catch {
      this.isClosed = true;
    }
  }

  [Symbol.dispose](): void {
    try {
      this.#connection.close();
    } catch {
      // The server was first.
    }
  }

  async #readAll(): Promise<void> {
    const buffer = new Uint8Array(DEFAULT_WINDOW_BYTES);
    let rest: Uint8Array = new Uint8Array();
    try {
      for (let count: number | null; (count = await this.#connection.read(buffer)) !== null;) {
        rest = this.#windows.read(concat([rest, buffer.subarray(0, count)]));
      }
    } catch {
      // Reset by the server, or closed by us.
    }
    this.isClosed = true;
    this.#windows.closeAll();
  }

  /**
   * Sends a part of a body as fast as the server takes it, so that afterwards most of it is in the server's memory.
   *
   * @returns Whether all was taken; false when the server closed the stream or the connection.
   */
  async sendBody(stream: number, bytes: Uint8Array): Promise<boolean> {
    for (let at = 0; at < bytes.length;) {
      const credit = await this.#windows.take(stream, Math.min(bytes.length - at, MAX_FRAME_BYTES));
      if (credit === 0) return false;
      await this.send({ type: FRAME.data, stream, payload: bytes.subarray(at, at + credit) });
      at += credit;
    }
    return true;
  }
}

/** Flow control of the sending side (RFC 9113, section 5.2), fed with what the server sends. */
class SendWindows {
  #initial = DEFAULT_WINDOW_BYTES;
  #connection = DEFAULT_WINDOW_BYTES;
  readonly #streams = new Map<number, number>();
  readonly #closed = new Set<number>();
  #isClosed = false;
  #changed = Promise.withResolvers<void>();

  /** Takes at most `wanted` bytes of credit, 0 when the stream is closed. */
  async take(stream: number, wanted: number): Promise<number> {
    for (;;) {
      if (this.#isClosed || this.#closed.has(stream)) return 0;
      const window = this.#streams.get(stream) ?? this.#initial;
      const credit = Math.min(wanted, window, this.#connection);
      if (credit > 0) {
        this.#streams.set(stream, window - credit);
        this.#connection -= credit;
        return credit;
      }
      await this.#changed.promise;
    }
  }

  /** Reads whole frames and returns the bytes of the one that is not complete. */
  read(bytes: Uint8Array): Uint8Array {
    while (bytes.length >= FRAME_HEAD_BYTES) {
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      const end = FRAME_HEAD_BYTES + (view.getUint32(0) >>> 8);
      if (bytes.length < end) break;
      this.#apply(view.getUint8(3), view.getUint32(5) & 0x7fffffff, bytes.slice(FRAME_HEAD_BYTES, end));
      bytes = bytes.subarray(end);
    }
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
    return bytes.slice();
  }

  closeAll(): void {
    this.#isClosed = true;
    this.#changed.resolve();
  }

  #apply(type: number, stream: number, payload: Uint8Array): void {
    const view = new DataView(payload.buffer);
    if (type === FRAME.reset) this.#closed.add(stream);
    if (type === FRAME.windowUpdate) this.#grow(stream, view.getUint32(0));
    if (type !== FRAME.settings) return;
    for (let at = 0; at < payload.length; at += 6) {
      if (view.getUint16(at) === INITIAL_WINDOW_SIZE) this.#resize(view.getUint32(at + 2));
    }
  }

  #grow(stream: number, bytes: number): void {
    if (stream === 0) this.#connection += bytes;
    else this.#streams.set(stream, (this.#streams.get(stream) ?? this.#initial) + bytes);
  }

  #resize(initial: number): void {
    for (const [stream, window] of this.#streams) this.#streams.set(stream, window + initial - this.#initial);
    this.#initial = initial;
  }
}

/** The HEADERS frame of a gRPC call of the vault, literal and without compression (RFC 7541, section 6.2.2). */
export function callHeaders(
  stream: number,
  { path = "/rune.vault.v1.VaultService/DecryptScores", extra = {}, flags = FLAG.endHeaders }: {
    path?: string;
    extra?: Record<string, string>;
    flags?: number;
  } = {},
): Frame {
  const fields: [string, string][] = [
    [":method", "POST"],
    [":scheme", "https"],
    [":path", path],
    [":authority", "localhost"],
    ["content-type", "application/grpc"],
    ["te", "trailers"],
    ...Object.entries(extra),
  ];
  return { type: FRAME.headers, flags, stream, payload: concat(fields.map(literalField)) };
}

/** The start of a gRPC message that promises `bytes`. */
export function messagePrefix(bytes: number, compressed = false): Uint8Array {
  const prefix = new Uint8Array(5);
  prefix[0] = compressed ? 1 : 0;
  new DataView(prefix.buffer).setUint32(1, bytes);
  return prefix;
}

function encodeFrame({ type, flags = 0, stream = 0, payload = new Uint8Array() }: Frame): Uint8Array {
  const frame = new Uint8Array(FRAME_HEAD_BYTES + payload.length), view = new DataView(frame.buffer);
  view.setUint32(0, payload.length << 8 | type);
  view.setUint8(4, flags);
  view.setUint32(5, stream);
  frame.set(payload, FRAME_HEAD_BYTES);
  return frame;
}

function literalField([name, value]: [string, string]): Uint8Array {
  const text = (raw: string) => [raw.length, ...new TextEncoder().encode(raw)];
  return Uint8Array.from([0, ...text(name), ...text(value)]);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
