import type { KMSClientConfig } from "@aws-sdk/client-kms";
import { takePlaintext } from "./plaintext.ts";

type Handler = Extract<NonNullable<KMSClientConfig["requestHandler"]>, { handle: unknown }>;
type Request = Parameters<Handler["handle"]>[0];
type Options = Parameters<Handler["handle"]>[1];
type Response = Awaited<ReturnType<Handler["handle"]>>;

/** Far above any answer of the calls that are made. */
const MAX_ANSWER_BYTES = 1 << 20;

/**
 * Carries the SDK's requests with fetch(), which needs a permission for the host and no other: the SDK's own handler
 * reads the system's certificates from disk. A clear data key in the answer never becomes a string.
 */
export class FetchHandler {
  readonly #timeoutMs: number;
  readonly #client = Deno.createHttpClient({});
  /** Clear data keys by the signal of their call. */
  readonly #plaintexts = new WeakMap<object, Uint8Array>();

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** The clear data key that the call with this signal was answered with, once. */
  plaintextOf(call: AbortSignal): Uint8Array | undefined {
    const plaintext = this.#plaintexts.get(call);
    this.#plaintexts.delete(call);
    return plaintext;
  }

  async handle(request: Request, { abortSignal }: Options = {}): Promise<Response> {
    const signals = [
      AbortSignal.timeout(this.#timeoutMs),
      ...(abortSignal instanceof AbortSignal ? [abortSignal] : []),
    ];
    const { method, headers, body } = request;
    const answer = await fetch(urlOf(request), {
      method,
      headers,
      body,
      signal: AbortSignal.any(signals),
      client: this.#client,
      redirect: "error", // a signed request is for the host that it was signed for
    });
    const bytes = await readAll(answer);
    const plaintext = takePlaintext(bytes);
    if (plaintext && abortSignal) this.#plaintexts.set(abortSignal, plaintext);
    return { response: { statusCode: answer.status, headers: Object.fromEntries(answer.headers), body: bytes } };
  }

  updateHttpClientConfig(): void {}

  httpHandlerConfigs(): Record<string, never> {
    return {};
  }

  destroy(): void {
    this.#client.close();
  }
}

function urlOf({ protocol, hostname, port, path }: Request): string {
  return `${protocol}//${hostname}${port === undefined ? "" : `:${port}`}${path}`;
}

/** Wipes the pieces, as they may hold a data key. */
async function readAll(answer: globalThis.Response): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const piece of answer.body ?? []) {
      pieces.push(piece);
      length += piece.length;
      if (length > MAX_ANSWER_BYTES) throw new RangeError("the answer is too long");
    }
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  } finally {
    for (const piece of pieces) piece.fill(0);
  }
}
