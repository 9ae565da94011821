import assert from "node:assert/strict";
import { TopK } from "./top_k.ts";

type Rows = readonly (readonly [shard: number, scores: readonly number[]])[];

for (
  const { name, k, rows, want } of [
    {
      name: "takes the best over all shards",
      k: 3,
      rows: [[5, [.1, .9, .3]], [12, [.8, .2, .7]]],
      want: [[5, 1, .9], [12, 0, .8], [12, 2, .7]],
    },
    {
      name: "takes the best of three shards",
      k: 4,
      rows: [[10, [.1, .2]], [20, [.9, .3, .8]], [30, [.4, .6, .7]]],
      want: [[20, 0, .9], [20, 2, .8], [30, 2, .7], [30, 1, .6]],
    },
    { name: "takes rows 1 and 3", k: 2, rows: [[0, [.5, .9, .1, .7]]], want: [[0, 1, .9], [0, 3, .7]] },
    { name: "returns all when there are fewer", k: 10, rows: [[3, [.1, .2]]], want: [[3, 1, .2], [3, 0, .1]] },
    { name: "returns nothing of nothing", k: 5, rows: [], want: [] },
    {
      name: "keeps the order of equal scores, earlier shard first",
      k: 3,
      rows: [[9, [.5, .5]], [1, [.5, .7]]],
      want: [[1, 1, .7], [9, 0, .5], [9, 1, .5]],
    },
  ] as { name: string; k: number; rows: Rows; want: number[][] }[]
) {
  Deno.test(`TopK ${name}`, () => {
    const top = new TopK(k);
    for (const [shard, scores] of rows) top.offer(shard, Float32Array.from(scores));
    const got = top.result().map(({ shardIdx, rowIdx, score }) => [shardIdx, rowIdx, score]);
    assert.deepEqual(got, want.map(([shard, row, score]) => [shard, row, Math.fround(score)]));
  });
}

Deno.test("TopK agrees with a stable sort of 20,000 scores with many ties", () => {
  const scores = Float32Array.from({ length: 20_000 }, (_, i) => ((i * 7919) % 1009) / 1009);
  const top = new TopK(300);
  top.offer(0, scores);
  const sorted = [...scores].map((score, rowIdx) => ({ shardIdx: 0, rowIdx, score }))
    .sort((a, b) => b.score - a.score).slice(0, 300);
  assert.deepEqual(top.result(), sorted);
});

for (const k of [1, 2, 3, 5]) {
  Deno.test(`TopK of ${k} gives exactly so many, the highest first`, () => {
    const best = new TopK(k);
    best.offer(7, Float32Array.of(0.1, 0.9, 0.3, 0.8, 0.5));
    const rows = best.result().map(({ shardIdx, rowIdx }) => [shardIdx, rowIdx]);
    assert.deepEqual(rows, [[7, 1], [7, 3], [7, 4], [7, 2], [7, 0]].slice(0, k));
  });
}
