import { PayloadError } from "#errors/mod.ts";
import type { Score, SecretKey } from "#ports/fhe_library.ts";
import { decodeBase64 } from "./base64.ts";
import { parseCiphertextScore } from "./ciphertext_score.ts";
import { TopK } from "./top_k.ts";

/** Decrypts score blobs with the team's secret key. */
export class ScoreDecryptor {
  readonly #key: SecretKey;

  constructor(key: SecretKey) {
    this.#key = key;
  }

  /**
   * The best `topK` scores of a blob over all its shards.
   *
   * @param blob Base64 of an `ES2.CiphertextScore` as ASCII bytes; must not change until the promise settles.
   * @param topK 1 or more.
   * @returns At most `topK` scores, descending; equal scores in blob order (contract runevault.md 1.8).
   * @throws {PayloadError} with the text for the caller's `error` field; it quotes no bytes.
   */
  topScores(blob: Uint8Array, topK: number): Promise<Score[]> {
    return this.#key.topScores ? this.#key.topScores(blob, topK) : this.#topScoresStepwise(blob, topK);
  }

  /** The same through the vendor's interface alone. */
  async #topScoresStepwise(blob: Uint8Array, topK: number): Promise<Score[]> {
    const { shardIdx, results } = parseCiphertextScore(decodeBase64(blob));
    const best = new TopK(topK);
    for (const [i, data] of results.entries()) {
      best.offer(shardIdx[i] ?? i, await this.#decryptResult(data, i));
    }
    return best.result();
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
