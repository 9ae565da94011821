import { PayloadError, VaultError } from "#errors/mod.ts";
import type { CallQueue, Score, SecretKey, TopScores } from "#ports/fhe_library.ts";
import { CallGate } from "./call_gate.ts";
import type { Handle, NativeLibrary } from "./native_library.ts";

const SCORE_BYTES = 16; // rv_score_t: i32 shard, i32 row, f64 score
const MESSAGE_BYTES = 256;
/**
 * A text of up to one ciphertext is decrypted in place: that takes 15 to 100 µs by processor, while the way to the
 * thread pool and back takes 45 to 190 µs, some 40 of them of the event loop's own time.
 */
const IN_PLACE_BYTES = 100_000;

/** A secret key in the library's memory, with the context and decryptor that go with it. */
export class NativeSecretKey implements SecretKey {
  readonly topScores?: (text: Uint8Array, topK: number) => Promise<TopScores>;
  readonly #gate = new CallGate(Math.max(2, navigator.hardwareConcurrency));
  #closed = false;

  constructor(
    readonly library: NativeLibrary,
    readonly handles: { readonly context: Handle; readonly decryptor: Handle; readonly key: Handle },
    { extension = true }: { extension?: boolean } = {},
  ) {
    if (extension && library.call.topScores) {
      this.topScores = (text, topK) => this.#run(() => this.#topScores(text, topK));
    }
  }

  get queue(): CallQueue {
    return { running: this.#gate.running, waiting: this.#gate.waiting };
  }

  decryptResult(data: Uint8Array): Promise<Float32Array> {
    return this.#run(() => this.#decryptResult(data));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#gate.idle();
    const { call } = this.library;
    call.evi_secret_key_destroy(this.handles.key);
    call.evi_decryptor_destroy(this.handles.decryptor);
    call.evi_context_destroy(this.handles.context);
  }

  #run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new VaultError("INTERNAL", "FHE key not loaded"));
    return this.#gate.run(work);
  }

  async #topScores(text: Uint8Array, topK: number): Promise<TopScores> {
    const scores = new Uint8Array(topK * SCORE_BYTES), counts = new Uint32Array(3);
    const message = new Uint8Array(MESSAGE_BYTES);
    const { context, key } = this.handles;
    const { topScores, topScoresLater } = this.library.call;
    const call = text.length <= IN_PLACE_BYTES ? topScores! : topScoresLater!;
    const status = await call(
      context,
      key,
      text as Uint8Array<ArrayBuffer>,
      BigInt(text.length),
      topK,
      scores,
      counts,
      message,
      BigInt(MESSAGE_BYTES),
    );
    if (status !== 0) throw new PayloadError(new TextDecoder().decode(message.subarray(0, message.indexOf(0))));
    const [results, ciphertexts, rows] = counts;
    return { scores: readScores(scores, results), ciphertexts, rows };
  }

  async #decryptResult(data: Uint8Array): Promise<Float32Array> {
    const { library, library: { call } } = this;
    const bytes = data as Uint8Array<ArrayBuffer>, size = BigInt(data.length);
    const result = await library.createLater(
      (out) => call.deserializeLater(bytes, size, out),
      (out) => call.deserialize(bytes, size, out),
    );
    try {
      return await this.#decryptParsed(result);
    } finally {
      call.evi_search_result_destroy(result);
    }
  }

  async #decryptParsed(result: Handle): Promise<Float32Array> {
    const { library, library: { call }, handles: { decryptor, key } } = this;
    const count = new Uint32Array(1);
    library.check(call.evi_search_result_get_item_count(result, count));
    const message = await library.createLater(
      (out) => call.decryptLater(decryptor, result, key, 1, 0n, out),
      (out) => call.decrypt(decryptor, result, key, 1, 0n, out),
    );
    try {
      const rows = Math.min(count[0], Number(call.evi_message_size(message)));
      return new Float32Array(library.copy(BigInt(call.evi_message_data(message)), 4 * rows).buffer);
    } finally {
      call.evi_message_destroy(message);
    }
  }
}

function readScores(bytes: Uint8Array<ArrayBuffer>, count: number): Score[] {
  const view = new DataView(bytes.buffer);
  return Array.from({ length: count }, (_, i) => ({
    shardIdx: view.getInt32(i * SCORE_BYTES, true),
    rowIdx: view.getInt32(i * SCORE_BYTES + 4, true),
    score: view.getFloat64(i * SCORE_BYTES + 8, true),
  }));
}
