/* The decryption core: one group of 4096 encrypted scores to floats in row order. */
#ifndef RV_SCORE_DECRYPTION_H
#define RV_SCORE_DECRYPTION_H

#include <stdint.h>

#include "context.h"
#include "secret.h"
#include "vector_path.h"

/* 2^-48: exact, as only the exponent changes. */
#define SCORE_SCALE 0x1p-48

/*
 * The polynomial between the steps. With the ciphertext it gives away the key, so it lives in secure memory and is
 * wiped when the call ends.
 */
typedef union {
    uint64_t phase[DEGREE];
    double real_phase[DEGREE]; /* of the one path that computes in doubles */
} decryption_scratch;

/* What decrypt_group() does, on one path of vector_path.h. */
typedef void decrypt_group_function(const evi_secret_key_t *key, const uint8_t *a, const uint8_t *b, row_layout layout,
                                    decryption_scratch *scratch, float scores[DEGREE]);
decrypt_group_function decrypt_group_portable;
#if RV_HAS_VECTOR_PATHS
decrypt_group_function decrypt_group_avx2, decrypt_group_avx512;
#endif

/*
 * scores[j] = centred(INTT(b + a * s))[coefficient of row j] / 2^48. `a` and `b` point to 4096 little-endian u64 each,
 * all below Q, at any alignment.
 *
 * Takes the same branches and touches the same addresses whatever key and plaintext are; tests/constant_time.c proves
 * it, for each path.
 */
decrypt_group_function decrypt_group;

#endif
