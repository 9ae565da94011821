/* The decryption core: one group of 4096 encrypted scores to floats in row order. */
#ifndef RV_SCORE_DECRYPTION_H
#define RV_SCORE_DECRYPTION_H

#include <stdint.h>

#include "context.h"
#include "secret.h"

/*
 * The polynomial between the steps. With the ciphertext it gives away the key, so it lives in secure memory and is
 * wiped when the call ends.
 */
typedef struct {
    uint64_t phase[DEGREE];
} decryption_scratch;

/*
 * scores[j] = centred(INTT(b + a * s))[coefficient of row j] / 2^48. `a` and `b` point to 4096 little-endian u64 each,
 * all below Q, at any alignment.
 *
 * Takes the same branches and touches the same addresses whatever key and plaintext are; tests/constant_time.c proves
 * it.
 */
void decrypt_group(const evi_secret_key_t *key, const uint8_t *a, const uint8_t *b, row_layout layout,
                   decryption_scratch *scratch, float scores[DEGREE]);

#endif
