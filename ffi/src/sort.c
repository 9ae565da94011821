#include "sort.h"

/* Puts the smaller word first, by masks. */
static inline void order(uint64_t *first, uint64_t *second) {
    const uint64_t a = *first, b = *second;
    const uint64_t b_is_less = (b ^ ((b ^ a) | ((b - a) ^ a))) >> 63;
    const uint64_t swapped = (a ^ b) & (0 - b_is_less);
    *first = a ^ swapped;
    *second = b ^ swapped;
}

/* Batcher's bitonic sorter; a run sorts downwards where bit `run` of the index is set. */
void sort_words(uint64_t words[DEGREE]) {
    for (unsigned run = 2; run <= DEGREE; run *= 2) {
        for (unsigned distance = run / 2; distance > 0; distance /= 2) {
            for (unsigned i = 0; i < DEGREE; i++) {
                const unsigned partner = i ^ distance;
                if (partner < i) continue;
                if (i & run) {
                    order(&words[partner], &words[i]);
                } else {
                    order(&words[i], &words[partner]);
                }
            }
        }
    }
}
