/*
 * The best scores so far, in a heap with the worst of them on top. While selecting, shard_idx holds the position of the
 * ciphertext in the message, which decides between equal scores.
 *
 * Branches and addresses here depend on scores. That is no leak: the scores are what the caller is given.
 */
#ifndef RV_TOP_K_H
#define RV_TOP_K_H

#include <stddef.h>

#include "runevault.h"

typedef struct {
    rv_score_t *entries; /* room for `limit` */
    uint32_t limit, count;
} top_k_selection;

/* Offers rows 0 to `rows` - 1 of group `group` (4096 rows each) of a ciphertext. Order of offers: message order. */
void top_k_offer(top_k_selection *selection, int32_t position, int32_t first_row, const float *scores, size_t rows);

/* Best first; equal scores in message order. */
void top_k_sort(top_k_selection *selection);

#endif
