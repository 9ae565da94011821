/*
 * ES2.CiphertextScore, read in place: one pass checks and counts, two cursors then walk over shards and ciphertexts. No
 * memory is taken for what a message claims to hold.
 */
#ifndef RV_CIPHERTEXT_SCORE_H
#define RV_CIPHERTEXT_SCORE_H

#include "error.h"
#include "protobuf.h"

typedef struct {
    wire_reader message;
    size_t shard_count, ciphertext_count;
} ciphertext_score;

/* After this, the cursors below cannot meet malformed bytes. */
int ciphertext_score_parse(const uint8_t *bytes, size_t size, ciphertext_score *out, error_sink *error);

typedef struct {
    wire_reader message;
    wire_reader packed; /* what is left of a packed run of shard indices */
} score_cursor;

score_cursor ciphertext_score_begin(const ciphertext_score *score);

/* The next shard index, packed or not; false at the end. */
bool next_shard_idx(score_cursor *cursor, uint64_t *shard_idx);

/* The `data` of the next ciphertext (empty if it has none); false at the end. */
bool next_ciphertext(score_cursor *cursor, wire_reader *data);

#endif
