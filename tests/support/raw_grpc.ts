import { status } from "@grpc/grpc-js";
import { Buffer } from "node:buffer";
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { messagePrefix } from "./http2_attacker.ts";
import type { TestVault } from "./test_vault.ts";

export interface RawAnswer {
  /** HTTP status. */
  readonly http: number;
  /** Name of the gRPC status; `NONE` when there is none. */
  readonly code: string;
  readonly details: string;
  /** Header and trailer fields with their values, in order, without the date. */
  readonly fields: readonly string[];
}

/** A client that sends any path and any bytes. */
export class RawGrpc implements AsyncDisposable {
  readonly #session: ClientHttp2Session;
  readonly #closed: Promise<unknown>;

  constructor(vault: TestVault) {
    this.#session = connect(`https://localhost:${vault.port}`, { ca: vault.ca });
    this.#closed = new Promise((resolve) => this.#session.once("close", resolve));
    this.#session.on("error", () => {}); // the streams report it
  }

  /** A whole call with one message, and more header fields than a call needs. */
  async call(path: string, message: Uint8Array, more: Record<string, string> = {}): Promise<RawAnswer> {
    const call = this.open(path, more);
    call.stream.end(Buffer.concat([messagePrefix(message.length), message]));
    return await call.answer;
  }

  /** A call whose body is the caller's to send. */
  open(path: string, more: Record<string, string> = {}): { stream: ClientHttp2Stream; answer: Promise<RawAnswer> } {
    const stream = this.#session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
      ...more,
    });
    return { stream, answer: answerOf(stream) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#session.destroy();
    await this.#closed;
  }
}

/** Full path of a method of the vault. */
export function methodPath(method: string): string {
  return `/rune.vault.v1.VaultService/${method}`;
}

function answerOf(stream: ClientHttp2Stream): Promise<RawAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
  const fields: [string, string][] = [];
  const collect = (block: object) => {
    for (const [name, value] of Object.entries(block)) fields.push([name, String(value)]);
  };
  stream.on("response", collect).on("trailers", collect).on("error", reject).resume();
  stream.on("close", () => {
    const all = Object.fromEntries(fields);
    resolve({
      http: Number(all[":status"] ?? 0),
      code: all["grpc-status"] === undefined ? "NONE" : status[Number(all["grpc-status"])],
      details: decodeURIComponent(all["grpc-message"] ?? ""),
      fields: fields.filter(([name]) => name !== "date").map(([name, value]) => `${name}: ${value}`),
    });
  });
  return promise;
}
