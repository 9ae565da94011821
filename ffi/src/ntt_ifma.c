#include "ntt_ifma.h"

#include "vector_path.h"

#if RV_HAS_VECTOR_PATHS
#include <pthread.h>

#include "ifma.h"

/*
 * Twelve Gentleman-Sande layers, three at a time over eight registers: layers 0 to 5 in one pass over the memory, as
 * blocks of 64 values fit the registers, then 6 to 8 and 9 to 11. Three layers have seven twiddles a group of values:
 * four of the first layer, two of the second, one of the third.
 */
enum { TWIDDLES = 7, BLOCK = IFMA_LANES * IFMA_LANES, BLOCKS = DEGREE / BLOCK, BROADCASTS = DEGREE / IFMA_LANES };

/* Public: powers of psi. In layers 0 to 2 each lane has its own group and twiddles, laid out as they are read. */
static struct {
    _Alignas(64) uint64_t lane_w[BLOCKS][TWIDDLES][IFMA_LANES], lane_quotient[BLOCKS][TWIDDLES][IFMA_LANES];
    uint64_t w[BROADCASTS], quotient[BROADCASTS];
} table;
static pthread_once_t table_built = PTHREAD_ONCE_INIT;

/* Of `groups` groups in three layers, the place of twiddle t of group g in the bit-reversed powers. */
static inline unsigned twiddle_place(unsigned groups, unsigned g, unsigned t) {
    if (t < 4) return 4 * (groups + g) + t;
    return t < 6 ? 2 * (groups + g) + t - 4 : groups + g;
}

static void build_table(void) {
    const modulus *q = modulus_q();
    const unsigned shift = 64 - IFMA_WORD_BITS;
    for (unsigned i = 0; i < BROADCASTS; i++) {
        table.w[i] = q->backward[i];
        table.quotient[i] = q->backward_quotient[i] >> shift;
    }
    for (unsigned i = 0; i < BLOCKS * TWIDDLES * IFMA_LANES; i++) {
        const unsigned lane = i % IFMA_LANES, t = i / IFMA_LANES % TWIDDLES, block = i / IFMA_LANES / TWIDDLES;
        const unsigned place = twiddle_place(DEGREE / IFMA_LANES, IFMA_LANES * block + lane, t);
        table.lane_w[block][t][lane] = q->backward[place];
        table.lane_quotient[block][t][lane] = q->backward_quotient[place] >> shift;
    }
}

/*
 * Values below 2 * Q stay below 2 * Q. The sum is below 4 * Q and takes one reduction. The difference, where it went
 * below zero, wrapped to something huge, and 2 * Q more brings it back below that: below 2 * Q < 2^52 either way, which
 * the multiplication needs.
 */
static inline USES_AVX512 void butterfly(__m512i *x, __m512i *y, ifma_factor twiddle) {
    const __m512i sum = _mm512_add_epi64(*x, *y), difference = _mm512_sub_epi64(*x, *y);
    const __m512i lifted = _mm512_add_epi64(difference, ifma_constant(2 * PRIME_Q));
    *x = ifma_reduce_once(sum, 2 * PRIME_Q);
    *y = ifma_multiply_lazy(_mm512_min_epu64(difference, lifted), twiddle);
}

static inline USES_AVX512 void three_layers(__m512i v[IFMA_LANES], const ifma_factor t[TWIDDLES]) {
    for (int i = 0; i < 4; i++) butterfly(&v[2 * i], &v[2 * i + 1], t[i]);
    for (int i = 0; i < 2; i++) {
        butterfly(&v[4 * i], &v[4 * i + 2], t[4 + i]);
        butterfly(&v[4 * i + 1], &v[4 * i + 3], t[4 + i]);
    }
    for (int i = 0; i < 4; i++) butterfly(&v[i], &v[i + 4], t[6]);
}

static inline USES_AVX512 void lane_twiddles(unsigned block, ifma_factor t[TWIDDLES]) {
    for (unsigned i = 0; i < TWIDDLES; i++) {
        t[i].w = _mm512_loadu_si512(table.lane_w[block][i]);
        t[i].quotient = _mm512_loadu_si512(table.lane_quotient[block][i]);
    }
}

static inline USES_AVX512 void broadcast_twiddles(unsigned groups, unsigned group, ifma_factor t[TWIDDLES]) {
    for (unsigned i = 0; i < TWIDDLES; i++) {
        const unsigned place = twiddle_place(groups, group, i);
        t[i] = (ifma_factor){ifma_constant(table.w[place]), ifma_constant(table.quotient[place])};
    }
}

static inline USES_AVX512 void load_eight(const uint64_t *values, unsigned stride, __m512i v[IFMA_LANES]) {
    for (unsigned i = 0; i < IFMA_LANES; i++) v[i] = _mm512_loadu_si512(values + i * stride);
}

static inline USES_AVX512 void store_eight(uint64_t *values, unsigned stride, const __m512i v[IFMA_LANES]) {
    for (unsigned i = 0; i < IFMA_LANES; i++) _mm512_storeu_si512(values + i * stride, v[i]);
}

/* Layers 0 to 2 on the columns of each 8 x 8 block, so that partners share a lane, and 3 to 5 on its rows. */
static USES_AVX512 void first_six_layers(uint64_t *values) {
    for (unsigned block = 0; block < BLOCKS; block++) {
        __m512i v[IFMA_LANES];
        ifma_factor t[TWIDDLES];
        load_eight(values + BLOCK * block, IFMA_LANES, v);
        ifma_transpose(v);
        lane_twiddles(block, t);
        three_layers(v, t);
        ifma_transpose(v);
        broadcast_twiddles(BLOCKS, block, t);
        three_layers(v, t);
        store_eight(values + BLOCK * block, IFMA_LANES, v);
    }
}

/* The layers with partners at distance `half`, twice and four times that. */
static USES_AVX512 void next_three_layers(uint64_t *values, unsigned half) {
    const unsigned groups = DEGREE / (8 * half);
    for (unsigned group = 0; group < groups; group++) {
        ifma_factor t[TWIDDLES];
        broadcast_twiddles(groups, group, t);
        for (unsigned j = 0; j < half; j += IFMA_LANES) {
            __m512i v[IFMA_LANES];
            uint64_t *at = values + 8 * half * group + j;
            load_eight(at, half, v);
            three_layers(v, t);
            store_eight(at, half, v);
        }
    }
}

USES_AVX512 void ntt_backward_q_ifma(uint64_t *values) {
    pthread_once(&table_built, build_table);
    first_six_layers(values);
    next_three_layers(values, BLOCK);
    next_three_layers(values, BLOCK * IFMA_LANES);
}
#endif
