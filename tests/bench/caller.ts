import * as grpc from "@grpc/grpc-js";
import { Buffer } from "node:buffer";

/** Sends the same serialized request again and again. */
export class Caller implements Disposable {
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

  /** Calls per second with so many in flight, begun within so many milliseconds. */
  async rate(inFlight: number, milliseconds: number): Promise<{ rate: number; calls: number }> {
    const started = performance.now();
    let calls = 0;
    const worker = async () => {
      while (performance.now() - started < milliseconds) {
        await this.call();
        calls++;
      }
    };
    await Promise.all(Array.from({ length: inFlight }, worker));
    return { rate: calls / (performance.now() - started) * 1000, calls };
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}

export function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
