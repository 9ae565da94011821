import type { Score } from "#ports/fhe_library.ts";

/** Keeps the best scores of all that are offered; of equal scores the one offered first. */
export class TopK {
  /** Descending; never longer than k. */
  readonly #best: Score[] = [];

  constructor(readonly k: number) {}

  /** Offers the scores of one shard, in row order. */
  offer(shardIdx: number, scores: Float32Array): void {
    for (let rowIdx = 0; rowIdx < scores.length; rowIdx++) {
      const score = scores[rowIdx];
      if (this.#best.length === this.k) {
        if (score <= this.#best[this.k - 1].score) continue;
        this.#best.pop();
      }
      this.#best.splice(this.#rankOf(score), 0, { shardIdx, rowIdx, score });
    }
  }

  result(): Score[] {
    return this.#best;
  }

  /** The position behind all scores that are at least as high. */
  #rankOf(score: number): number {
    let low = 0, high = this.#best.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#best[middle].score >= score) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
