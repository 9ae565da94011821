/* decrypt_group() by AVX-512 IFMA: the steps of score_decryption.c, eight coefficients at a time. */
#include "score_decryption.h"

#if RV_HAS_VECTOR_PATHS
#include "ifma.h"
#include "ntt_ifma.h"

/* b + a * s, below 2 * Q: the lazy product is below 2 * Q and b below Q before the one reduction. */
static USES_AVX512 void multiply_by_key(const evi_secret_key_t *key, const uint8_t *a, const uint8_t *b,
                                        uint64_t *phase) {
    for (unsigned i = 0; i < DEGREE; i += IFMA_LANES) {
        const __m512i ai = _mm512_loadu_si512(a + 8 * i), bi = _mm512_loadu_si512(b + 8 * i);
        const __m512i quotient = _mm512_loadu_si512(key->quotient + i);
        const ifma_factor s = {_mm512_loadu_si512(key->ntt + i), _mm512_srli_epi64(quotient, 64 - IFMA_WORD_BITS)};
        const __m512i sum = _mm512_add_epi64(bi, ifma_multiply_lazy(ai, s));
        _mm512_storeu_si512(phase + i, ifma_reduce_once(sum, 2 * PRIME_Q));
    }
}

/* Divides by N, centres to (-Q/2, Q/2] by a mask and rounds once, to float: the integer is exact in a double. */
static inline USES_AVX512 __m256 scores_of(__m512i value, ifma_factor divisor) {
    const __m512i reduced = ifma_reduce_once(ifma_multiply_lazy(value, divisor), PRIME_Q);
    const __mmask8 upper = _mm512_cmpgt_epu64_mask(reduced, ifma_constant(PRIME_Q / 2));
    const __m512i centred = _mm512_mask_sub_epi64(reduced, upper, reduced, ifma_constant(PRIME_Q));
    const __m512d scores = _mm512_mul_pd(_mm512_cvtepi64_pd(centred), _mm512_set1_pd(SCORE_SCALE));
    /* Not by the intrinsic: MemorySanitizer, which watches over this file, takes that for a leak. */
    return __builtin_convertvector(scores, __m256);
}

/* Blocks of eight items by eight parts, each turned over: items * pad_rank = 4096, both a multiple of 32. */
static USES_AVX512 void scores_in_row_order(const uint64_t *phase, row_layout layout, float *scores) {
    const modulus *q = modulus_q();
    const ifma_factor divisor = {
        ifma_constant(q->last[0]),
        ifma_constant(q->last_quotient[0] >> (64 - IFMA_WORD_BITS)),
    };
    for (uint32_t part = 0; part < layout.pad_rank; part += IFMA_LANES) {
        for (uint32_t item = 0; item < layout.items; item += IFMA_LANES) {
            __m512i v[IFMA_LANES];
            for (uint32_t i = 0; i < IFMA_LANES; i++) {
                v[i] = _mm512_loadu_si512(phase + (item + i) * layout.pad_rank + part);
            }
            ifma_transpose(v);
            for (uint32_t i = 0; i < IFMA_LANES; i++) {
                _mm256_storeu_ps(scores + (part + i) * layout.items + item, scores_of(v[i], divisor));
            }
        }
    }
}

USES_AVX512 void decrypt_group_avx512(const evi_secret_key_t *key, const uint8_t *a, const uint8_t *b,
                                      row_layout layout, decryption_scratch *scratch, float scores[DEGREE]) {
    multiply_by_key(key, a, b, scratch->phase);
    ntt_backward_q_ifma(scratch->phase);
    scores_in_row_order(scratch->phase, layout, scores);
    ifma_clear_registers();
}
#endif
