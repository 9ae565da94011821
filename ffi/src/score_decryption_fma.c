/* decrypt_group() by AVX2 and FMA: the steps of score_decryption.c in doubles, four coefficients at a time. */
#include "score_decryption.h"

#if RV_HAS_VECTOR_PATHS
#include "fma.h"
#include "ntt_fma.h"

/* Integers below 2^52 become doubles: as the fraction of a number from 2^52 on, which is then taken away. */
static inline USES_AVX2 __m256d load_integers(const void *integers) {
    const __m256d two52 = fma_constant(0x1p52);
    const __m256i lifted = _mm256_add_epi64(_mm256_loadu_si256(integers), _mm256_castpd_si256(two52));
    return _mm256_sub_pd(_mm256_castsi256_pd(lifted), two52);
}

/* b + a * s, at most Q / 2 + 1: the product is at most Q and b below Q before their reduction. */
static USES_AVX2 void multiply_by_key(const evi_secret_key_t *key, const uint8_t *a, const uint8_t *b, double *phase) {
    for (unsigned i = 0; i < DEGREE; i += FMA_LANES) {
        const __m256d s = load_integers(key->ntt + i);
        const fma_factor factor = {s, _mm256_mul_pd(s, fma_constant(1.0 / (double)PRIME_Q))};
        const __m256d product = fma_multiply(load_integers(a + 8 * i), factor);
        _mm256_storeu_pd(phase + i, fma_reduce(_mm256_add_pd(load_integers(b + 8 * i), product)));
    }
}

/* Divides by N, centres and rounds once, to float: the integer is exact in a double. There is no -0 among them. */
static inline USES_AVX2 __m128 scores_of(__m256d value, fma_factor divisor) {
    const __m256d centred = fma_reduce(fma_multiply(value, divisor));
    /* Not by the intrinsic: MemorySanitizer, which watches over this file, takes that for a leak. */
    return __builtin_convertvector(_mm256_mul_pd(centred, fma_constant(SCORE_SCALE)), __m128);
}

/* Blocks of four items by four parts, each turned over: items * pad_rank = 4096, both a multiple of 32. */
static USES_AVX2 void scores_in_row_order(const double *phase, row_layout layout, float *scores) {
    /* Q = 1 modulo N, so 1 / N = Q - (Q - 1) / N, which is small and negative when centred. */
    const double inverse = -(double)((PRIME_Q - 1) / DEGREE);
    const fma_factor divisor = {fma_constant(inverse), fma_constant(inverse / (double)PRIME_Q)};
    for (uint32_t part = 0; part < layout.pad_rank; part += FMA_LANES) {
        for (uint32_t item = 0; item < layout.items; item += FMA_LANES) {
            __m256d v[FMA_LANES];
            for (uint32_t i = 0; i < FMA_LANES; i++) {
                v[i] = _mm256_loadu_pd(phase + (item + i) * layout.pad_rank + part);
            }
            fma_transpose(v);
            for (uint32_t i = 0; i < FMA_LANES; i++) {
                _mm_storeu_ps(scores + (part + i) * layout.items + item, scores_of(v[i], divisor));
            }
        }
    }
}

USES_AVX2 void decrypt_group_avx2(const evi_secret_key_t *key, const uint8_t *a, const uint8_t *b, row_layout layout,
                                  decryption_scratch *scratch, float scores[DEGREE]) {
    multiply_by_key(key, a, b, scratch->real_phase);
    ntt_backward_q_fma(scratch->real_phase);
    scores_in_row_order(scratch->real_phase, layout, scores);
    _mm256_zeroall(); /* no secret stays in registers */
}
#endif
