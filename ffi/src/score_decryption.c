#include "score_decryption.h"

#include <string.h>

#include "ntt.h"

/*
 * b + a * s, below Q + 2^38: for a < Q < 2^51 the lazy product is below Q * (1 + 2^-13), so the sum is below 2 * Q +
 * 2^38 before its one reduction.
 */
static void multiply_by_key(const evi_secret_key_t *key, const uint8_t *a, const uint8_t *b, uint64_t *phase) {
    for (unsigned i = 0; i < DEGREE; i++) {
        uint64_t ai, bi;
        memcpy(&ai, a + 8 * i, sizeof ai);
        memcpy(&bi, b + 8 * i, sizeof bi);
        phase[i] = reduce_once(bi + multiply_lazy(ai, key->ntt[i], key->quotient[i], PRIME_Q), PRIME_Q);
    }
}

/* From [0, 2Q) to (-Q/2, Q/2], by masks: the sign of a plaintext must not steer a branch. */
static inline int64_t centred(uint64_t value) {
    uint64_t reduced = reduce_once(value, PRIME_Q);
    return (int64_t)(reduced - (PRIME_Q & negative_mask(PRIME_Q / 2 - reduced)));
}

/* A 51-bit integer and a power of two are exact in a double: the one rounding is that to float. */
static void scores_in_row_order(const uint64_t *phase, row_layout layout, float *scores) {
    for (uint32_t item = 0; item < layout.items; item++) {
        for (uint32_t part = 0; part < layout.pad_rank; part++) {
            int64_t coefficient = centred(phase[item * layout.pad_rank + part]);
            scores[part * layout.items + item] = (float)((double)coefficient * SCORE_SCALE);
        }
    }
}

void decrypt_group_portable(const evi_secret_key_t *key, const uint8_t *a, const uint8_t *b, row_layout layout,
                            decryption_scratch *scratch, float scores[DEGREE]) {
    multiply_by_key(key, a, b, scratch->phase);
    ntt_backward_q(scratch->phase);
    scores_in_row_order(scratch->phase, layout, scores);
}

static decrypt_group_function *chosen_function(void) {
#if RV_HAS_VECTOR_PATHS
    const vector_path path = chosen_path();
    if (path == PATH_AVX512) return decrypt_group_avx512;
    if (path == PATH_AVX2) return decrypt_group_avx2;
#endif
    return decrypt_group_portable;
}

void decrypt_group(const evi_secret_key_t *key, const uint8_t *a, const uint8_t *b, row_layout layout,
                   decryption_scratch *scratch, float scores[DEGREE]) {
    chosen_function()(key, a, b, layout, scratch, scores);
}
