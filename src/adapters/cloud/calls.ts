import { type Client, type ClientUnaryCall, type ClientWritableStream, Metadata } from "@grpc/grpc-js";
import { CloudError } from "#ports/cloud.ts";
import { transportError } from "./answers.ts";
import { type CalledMethod, type Request, type Response, wireMethod } from "./methods.ts";

/** How long calls may take, in milliseconds. */
export interface Deadlines {
  readonly unaryMs: number;
  readonly uploadMs: number;
}

/** Calls of one client, which end with it. */
export class Calls {
  readonly #client: Client;
  readonly #apiKey: string;
  readonly #inFlight = new Set<ClientUnaryCall | ClientWritableStream<unknown>>();
  #isClosed = false;

  constructor(client: Client, apiKey: string) {
    this.#client = client;
    this.#apiKey = apiKey;
  }

  /** @throws {CloudError} */
  async unary<Name extends CalledMethod>(
    rpc: Name,
    request: Request<Name>,
    timeoutMs: number,
  ): Promise<Response<Name>> {
    const { path, serialize, deserialize } = wireMethod(rpc), metadata = this.#metadata();
    const answer = Promise.withResolvers<Response<Name>>();
    const call = this.#client.makeUnaryRequest(
      path,
      serialize,
      deserialize,
      request,
      metadata,
      { deadline: Date.now() + timeoutMs },
      (error, response) => error ? answer.reject(error) : answer.resolve(response!),
    );
    return await this.#during(call, () => answer.promise).catch((reason) => {
      throw transportError(rpc, reason, this.#apiKey);
    });
  }

  /**
   * Sends frames, each when the one before it has gone, and waits for the answer.
   *
   * @throws {CloudError} of the cloud; what `frames` throws as it is.
   */
  async stream<Name extends CalledMethod>(
    rpc: Name,
    frames: AsyncIterable<Request<Name>> | Iterable<Request<Name>>,
    timeoutMs: number,
  ): Promise<Response<Name>> {
    const { path, serialize, deserialize } = wireMethod(rpc), metadata = this.#metadata();
    const answer = Promise.withResolvers<Response<Name>>();
    const call = this.#client.makeClientStreamRequest(
      path,
      serialize,
      deserialize,
      metadata,
      { deadline: Date.now() + timeoutMs },
      (error, response) => error ? answer.reject(error) : answer.resolve(response!),
    );
    call.on("error", () => {}); // the answer tells it
    answer.promise.catch(() => {}); // while frames are still read
    let step: "send" | "recv" = "send";
    const send = async () => {
      for await (const frame of frames) {
        // The answer before the end: the cloud wants no more.
        const isAnswered = await Promise.race([written(call, frame), answer.promise.then(() => true)]);
        if (isAnswered) return await answer.promise;
      }
      step = "recv";
      call.end();
      return await answer.promise;
    };
    return await this.#during(call, send).catch((reason) => {
      throw isGrpc(reason) ? transportError(rpc, reason, this.#apiKey, step) : reason;
    });
  }

  close(): void {
    this.#isClosed = true;
    for (const call of this.#inFlight) call.cancel();
    this.#client.close();
  }

  async #during<T>(call: ClientUnaryCall | ClientWritableStream<unknown>, wait: () => Promise<T>): Promise<T> {
    this.#inFlight.add(call);
    try {
      return await wait();
    } finally {
      this.#inFlight.delete(call);
      call.cancel(); // harmless after its end
    }
  }

  #metadata(): Metadata {
    if (this.#isClosed) throw new CloudError("refused", "envector: client is closed");
    const metadata = new Metadata();
    if (this.#apiKey !== "") metadata.set("authorization", `Bearer ${this.#apiKey}`);
    return metadata;
  }
}

/** Resolves once the frame has gone onto the connection; never, where that has ended. */
function written<T>(call: ClientWritableStream<T>, frame: T): Promise<false> {
  return new Promise((resolve) => call.write(frame, () => resolve(false)));
}

function isGrpc(reason: unknown): boolean {
  return reason instanceof Error && "code" in reason && "details" in reason;
}
