/*
 * Arithmetic modulo Q on four coefficients at once, as doubles, by AVX2 and FMA: there is no 64-bit multiplication in
 * AVX2, but a fused multiply-add gives the low half of a product of doubles exactly. All values are integers of at most
 * 2^53, or factors of at least 2^-51: nothing is ever subnormal, infinite or NaN, and of normal numbers the time of
 * these instructions does not depend. No branch and no address does, either.
 */
#ifndef RV_FMA_H
#define RV_FMA_H

#include <immintrin.h>

#include "modulus.h"
#include "vector_path.h"

enum { FMA_LANES = 4 };

/* A factor w of at most Q in magnitude, and w / Q rounded to a double. */
typedef struct {
    __m256d w, ratio;
} fma_factor;

static inline USES_AVX2 __m256d fma_constant(double value) {
    return _mm256_set1_pd(value);
}

/*
 * The integer next to x * ratio, where that is at most 2^51: next to 1.5 * 2^52 a double has no fraction, so the sum is
 * rounded to an integer, once, and taking 1.5 * 2^52 away again is exact.
 */
static inline USES_AVX2 __m256d fma_quotient(__m256d x, __m256d ratio) {
    const __m256d integers = fma_constant(0x1.8p52);
    return _mm256_sub_pd(_mm256_fmadd_pd(x, ratio, integers), integers);
}

/*
 * x mod Q, centred to (-Q/2, Q/2], for x of at most 2^53. Exactly so where x is at most Q: x / Q misses a half by 2^-52
 * at least, and the rounding of 1 / Q moves it by 2^-54 only. For greater x it is that up to 1 more.
 */
static inline USES_AVX2 __m256d fma_reduce(__m256d x) {
    const __m256d quotient = fma_quotient(x, fma_constant(1.0 / (double)PRIME_Q));
    return _mm256_fnmadd_pd(quotient, fma_constant((double)PRIME_Q), x);
}

/*
 * x * w mod Q, up to a multiple of Q, for |x| and |w| with |x * w / Q| below 2^51: at most Q for x and w up to Q with
 * the ratio made of two roundings, and at most 3/4 * Q for x up to 3/2 * Q and w up to Q / 2 with a ratio of one. For
 * the quotient is off by 1/2 for being an integer and, each rounding being one part in 2^53 of less than 2^51, by at
 * most another 1/2 or 1/4.
 *
 * high + low is x * w exactly, and low below 2^50, so high - quotient * Q is an integer below 2^53: exact, too. Nothing
 * here gives -0 but the sum of two -0, and low is never -0.
 */
static inline USES_AVX2 __m256d fma_multiply(__m256d x, fma_factor factor) {
    const __m256d high = _mm256_mul_pd(x, factor.w), low = _mm256_fmsub_pd(x, factor.w, high);
    const __m256d quotient = fma_quotient(x, factor.ratio);
    return _mm256_add_pd(_mm256_fnmadd_pd(quotient, fma_constant((double)PRIME_Q), high), low);
}

/* Four rows of four values become their columns. */
static inline USES_AVX2 void fma_transpose(__m256d v[FMA_LANES]) {
    const __m256d even0 = _mm256_unpacklo_pd(v[0], v[1]), odd0 = _mm256_unpackhi_pd(v[0], v[1]);
    const __m256d even1 = _mm256_unpacklo_pd(v[2], v[3]), odd1 = _mm256_unpackhi_pd(v[2], v[3]);
    v[0] = _mm256_permute2f128_pd(even0, even1, 0x20);
    v[1] = _mm256_permute2f128_pd(odd0, odd1, 0x20);
    v[2] = _mm256_permute2f128_pd(even0, even1, 0x31);
    v[3] = _mm256_permute2f128_pd(odd0, odd1, 0x31);
}

#endif
