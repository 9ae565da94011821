/*
 * Arithmetic modulo Q on eight coefficients at once, by the 52-bit multiply-add of AVX-512 IFMA. No branch, no address
 * and no latency depends on a value.
 */
#ifndef RV_IFMA_H
#define RV_IFMA_H

#include <immintrin.h>

#include "modulus.h"
#include "vector_path.h"

enum { IFMA_LANES = 8, IFMA_WORD_BITS = 52 };

/* A factor below Q with floor(factor * 2^52 / Q), which is the 64-bit Shoup quotient without its 12 lowest bits. */
typedef struct {
    __m512i w, quotient;
} ifma_factor;

static inline USES_AVX512 __m512i ifma_constant(uint64_t value) {
    return _mm512_set1_epi64((long long)value);
}

/*
 * Shoup's product: x * w mod Q plus at most one Q, for ANY x < 2^52; more exactly below Q * (1 + x / 2^52). That is
 * below 2 * Q < 2^52, so its 52 low bits are all of it. Subtracting hi * Q is adding hi * (2^52 - Q), which the
 * multiply-add does; the two low halves sum to less than 2^53, and the mask takes away the 2^52.
 */
static inline USES_AVX512 __m512i ifma_multiply_lazy(__m512i x, ifma_factor factor) {
    const uint64_t word = UINT64_C(1) << IFMA_WORD_BITS;
    const __m512i zero = _mm512_setzero_si512();
    const __m512i high = _mm512_madd52hi_epu64(zero, x, factor.quotient);
    const __m512i low = _mm512_madd52lo_epu64(zero, x, factor.w);
    const __m512i difference = _mm512_madd52lo_epu64(low, high, ifma_constant(word - PRIME_Q));
    return _mm512_and_si512(difference, ifma_constant(word - 1));
}

/* x mod bound for x < 2 * bound: below bound, x - bound wraps to something huge. */
static inline USES_AVX512 __m512i ifma_reduce_once(__m512i x, uint64_t bound) {
    return _mm512_min_epu64(x, _mm512_sub_epi64(x, ifma_constant(bound)));
}

/* Eight rows of eight values become their columns. */
static inline USES_AVX512 void ifma_transpose(__m512i v[IFMA_LANES]) {
    __m512i even[4], odd[4];
    for (int i = 0; i < 4; i++) {
        even[i] = _mm512_unpacklo_epi64(v[2 * i], v[2 * i + 1]);
        odd[i] = _mm512_unpackhi_epi64(v[2 * i], v[2 * i + 1]);
    }
    /* Now a 4 x 4 matrix of pairs in each half: 0x88 takes the even pairs of two registers, 0xdd the odd ones. */
    for (int half = 0; half < 2; half++) {
        const __m512i *p = half == 0 ? even : odd;
        const __m512i even0 = _mm512_shuffle_i64x2(p[0], p[1], 0x88), odd0 = _mm512_shuffle_i64x2(p[0], p[1], 0xdd);
        const __m512i even1 = _mm512_shuffle_i64x2(p[2], p[3], 0x88), odd1 = _mm512_shuffle_i64x2(p[2], p[3], 0xdd);
        v[half] = _mm512_shuffle_i64x2(even0, even1, 0x88);
        v[half + 2] = _mm512_shuffle_i64x2(odd0, odd1, 0x88);
        v[half + 4] = _mm512_shuffle_i64x2(even0, even1, 0xdd);
        v[half + 6] = _mm512_shuffle_i64x2(odd0, odd1, 0xdd);
    }
}

/*
 * No secret stays in registers: the compiler's vzeroupper leaves the low halves of 0 to 15, and all of 16 to 31, to
 * whoever needs them next. (The mask k1 holds signs of plaintexts.)
 */
static inline USES_AVX512 void ifma_clear_registers(void) {
#define CLEAR(n) "vpxorq %%zmm" #n ", %%zmm" #n ", %%zmm" #n "\n\t"
    __asm__ __volatile__(CLEAR(16) CLEAR(17) CLEAR(18) CLEAR(19) CLEAR(20) CLEAR(21) CLEAR(22) CLEAR(23) : : : "xmm16",
                         "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23");
    __asm__ __volatile__(CLEAR(24) CLEAR(25) CLEAR(26) CLEAR(27) CLEAR(28) CLEAR(29) CLEAR(30) CLEAR(31) : : : "xmm24",
                         "xmm25", "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31");
    __asm__ __volatile__("kxorw %%k1, %%k1, %%k1\n\tkxorw %%k2, %%k2, %%k2" : : : "k1", "k2");
#undef CLEAR
    _mm256_zeroall();
}

#endif
