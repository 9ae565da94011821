import { type ClientUnaryCall, type ClientWritableStream, Metadata } from "@grpc/grpc-js";
import { CloudError } from "#ports/cloud.ts";
import { transportError } from "./answers.ts";
import type { CloudChannel } from "./channel.ts";
import { type CalledMethod, type Request, type Response, wireMethod } from "./methods.ts";

const POLL_MS = 5;

/** How long calls may take, in milliseconds. */
export interface Deadlines {
  readonly unaryMs: number;
  readonly uploadMs: number;
}

/** Calls of one client, which end with it. */
export class Calls {
  readonly #channel: CloudChannel;
  readonly #apiKey: string;
  readonly #inFlight = new Set<ClientUnaryCall | ClientWritableStream<unknown>>();
  #isClosed = false;

  constructor(channel: CloudChannel, apiKey: string) {
    this.#channel = channel;
    this.#apiKey = apiKey;
  }

  /** @throws {CloudError} */
  async unary<Name extends CalledMethod>(
    rpc: Name,
    request: Request<Name>,
    timeoutMs: number,
  ): Promise<Response<Name>> {
    const { path, serialize, deserialize } = wireMethod(rpc), metadata = this.#metadata();
    const answer = new Answer<Response<Name>>(), options = { deadline: Date.now() + timeoutMs };
    const { client } = this.#channel;
    const call = client.makeUnaryRequest(path, serialize, deserialize, request, metadata, options, answer.give);
    return await this.#during(call, () => answer.promise).catch((reason) => {
      throw transportError(rpc, reason, this.#apiKey);
    });
  }

  /**
   * Sends frames, each when the one before it has gone out, and waits for the answer.
   *
   * @throws {CloudError} of the cloud; what `frames` throws as it is.
   */
  async stream<Name extends CalledMethod>(
    rpc: Name,
    frames: AsyncIterable<Request<Name>> | Iterable<Request<Name>>,
    timeoutMs: number,
  ): Promise<Response<Name>> {
    const { path, serialize, deserialize } = wireMethod(rpc), metadata = this.#metadata();
    const { client } = this.#channel, answer = new Answer<Response<Name>>(), outgoing = new Outgoing(this.#channel);
    const counted = (frame: Request<Name>) => outgoing.count(serialize(frame));
    const options = { deadline: Date.now() + timeoutMs };
    const call = client.makeClientStreamRequest(path, counted, deserialize, metadata, options, answer.give);
    call.on("error", () => {}); // the answer tells it
    let step: "send" | "recv" = "send", written = 0;
    const send = async () => {
      for await (const frame of frames) {
        call.write(frame);
        written++;
        while (!answer.isGiven && !outgoing.hasGone(written)) await soon();
        if (answer.isGiven) return await answer.promise; // before the end: the cloud wants no more
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
    this.#channel.close();
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

/** What a call comes to. */
class Answer<T> {
  readonly #promise = Promise.withResolvers<T>();
  isGiven = false;

  constructor() {
    this.#promise.promise.catch(() => {}); // while nobody waits for it yet
  }

  get promise(): Promise<T> {
    return this.#promise.promise;
  }

  readonly give = (error: unknown, response?: T): void => {
    this.isGiven = true;
    if (error) this.#promise.reject(error);
    else this.#promise.resolve(response!);
  };
}

/** The frames of one stream, and whether the connection has taken them. */
class Outgoing {
  readonly #channel: CloudChannel;
  readonly #start: number;
  #frames = 0;
  #bytes = 0;

  constructor(channel: CloudChannel) {
    this.#channel = channel;
    this.#start = channel.bytesSent();
  }

  /** Counts a message that grpc-js puts onto the stream. */
  count<Message extends Uint8Array>(message: Message): Message {
    this.#frames++;
    this.#bytes += message.length;
    return message;
  }

  /** Nothing else goes out meanwhile but what surrounds frames: so many bytes more are these frames. */
  hasGone(frames: number): boolean {
    return this.#frames >= frames && this.#channel.bytesSent() - this.#start >= this.#bytes;
  }
}

/**
 * Until the connection may have taken more. Nothing tells when it has: Deno calls a frame written as soon as it has put it
 * into a queue without a limit (seen with 2.9.3), so all of the key would wait there for a slow cloud.
 */
function soon(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

function isGrpc(reason: unknown): boolean {
  return reason instanceof Error && "code" in reason && "details" in reason;
}
