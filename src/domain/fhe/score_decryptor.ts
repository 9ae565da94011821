import { PayloadError } from "#errors/mod.ts";
import type { Score, SecretKey, TopScores } from "#ports/fhe_library.ts";
import { type Metrics, NO_METRICS } from "#ports/metrics.ts";
import { decodeBase64 } from "./base64.ts";
import { parseCiphertextScore } from "./ciphertext_score.ts";
import { TopK } from "./top_k.ts";

/** Decrypts score blobs with the team's secret key. */
export class ScoreDecryptor {
  readonly #key: SecretKey;
  readonly #metrics: Metrics;

  /** @param metrics Told how much was decrypted. */
  constructor(key: SecretKey, metrics: Metrics = NO_METRICS) {
    this.#key = key;
    this.#metrics = metrics;
  }

  /**
   * The best `topK` scores of a blob over all its shards.
   *
   * @param blob Base64 of an `ES2.CiphertextScore` as ASCII bytes; must not change until the promise settles.
   * @param topK 1 or more.
   * @returns At most `topK` scores, descending; equal scores in blob order (contract runevault.md 1.8).
   * @throws {PayloadError} with the text for the caller's `error` field; it quotes no bytes.
   */
  async topScores(blob: Uint8Array, topK: number): Promise<Score[]> {
    const inOneCall = this.#key.topScores;
    const { scores, ciphertexts, rows } = await (inOneCall ? inOneCall(blob, topK) : this.#stepwise(blob, topK));
    this.#metrics.scoresDecrypted(ciphertexts, rows);
    return scores;
  }

  /** The same through the vendor's interface alone. */
  async #stepwise(blob: Uint8Array, topK: number): Promise<TopScores> {
    const { shardIdx, results } = parseCiphertextScore(decodeBase64(blob));
    const best = new TopK(topK);
    let rows = 0;
    for (const [i, data] of results.entries()) {
      const scores = await this.#decryptResult(data, i);
      best.offer(shardIdx[i] ?? i, scores);
      rows += scores.length;
    }
    return { scores: best.result(), ciphertexts: results.length, rows };
  }

  async #decryptResult(data: Uint8Array, i: number): Promise<Float32Array> {
    try {
      return await this.#key.decryptResult(data);
    } catch (reason) {
      if (!(reason instanceof PayloadError)) throw reason;
      throw new PayloadError(`envector/crypto: ctxt_score[${i}]: ${reason.message}`);
    }
  }
}
