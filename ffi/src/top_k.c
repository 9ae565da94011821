#include "top_k.h"

#include <stdbool.h>

/* Worse means: comes later in the answer. */
static bool is_worse(const rv_score_t *x, const rv_score_t *y) {
    if (x->score != y->score) return x->score < y->score;
    if (x->shard_idx != y->shard_idx) return x->shard_idx > y->shard_idx;
    return x->row_idx > y->row_idx;
}

/* Puts `entry` into the hole at `hole`, moving worse entries up towards the top. */
static void sift_down(rv_score_t *heap, uint32_t count, uint32_t hole, rv_score_t entry) {
    for (;;) {
        uint64_t child = 2 * (uint64_t)hole + 1; /* count may be near 2^32 */
        if (child >= count) break;
        if (child + 1 < count && is_worse(&heap[child + 1], &heap[child])) child++;
        if (!is_worse(&heap[child], &entry)) break;
        heap[hole] = heap[child];
        hole = (uint32_t)child;
    }
    heap[hole] = entry;
}

static void sift_up(rv_score_t *heap, uint32_t hole, rv_score_t entry) {
    while (hole > 0 && is_worse(&entry, &heap[(hole - 1) / 2])) {
        heap[hole] = heap[(hole - 1) / 2];
        hole = (hole - 1) / 2;
    }
    heap[hole] = entry;
}

void top_k_offer(top_k_selection *selection, int32_t position, int32_t first_row, const float *scores, size_t rows) {
    rv_score_t *heap = selection->entries;
    for (size_t row = 0; row < rows; row++) {
        const rv_score_t entry = {position, first_row + (int32_t)row, (double)scores[row]};
        if (selection->count < selection->limit) {
            sift_up(heap, selection->count++, entry);
        } else if (entry.score > heap[0].score) { /* an equal score comes later in the message: it loses */
            sift_down(heap, selection->count, 0, entry);
        }
    }
}

void top_k_sort(top_k_selection *selection) {
    rv_score_t *heap = selection->entries;
    for (uint32_t last = selection->count; last-- > 1;) {
        const rv_score_t displaced = heap[last];
        heap[last] = heap[0];
        sift_down(heap, last, 0, displaced);
    }
}
