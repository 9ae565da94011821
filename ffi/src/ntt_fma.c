#include "ntt_fma.h"

#include "vector_path.h"

#if RV_HAS_VECTOR_PATHS
#include <pthread.h>

#include "fma.h"

/*
 * Twelve Gentleman-Sande layers, two at a time over four registers: layers 0 to 3 in one pass over the memory, as
 * blocks of 16 values fit the registers, then two a pass. Two layers have three twiddles a group of values: two of the
 * first layer, one of the second.
 */
enum { TWIDDLES = 3, BLOCK = FMA_LANES * FMA_LANES, BLOCKS = DEGREE / BLOCK, BROADCASTS = DEGREE / FMA_LANES };

/* Public: powers of psi, centred. In layers 0 and 1 each lane has its own group and twiddles, laid out as read. */
static struct {
    double lane_w[BLOCKS][TWIDDLES][FMA_LANES], lane_ratio[BLOCKS][TWIDDLES][FMA_LANES];
    double w[BROADCASTS], ratio[BROADCASTS];
} table;
static pthread_once_t table_built = PTHREAD_ONCE_INIT;

/* Of `groups` groups in two layers, the place of twiddle t of group g in the bit-reversed powers. */
static inline unsigned twiddle_place(unsigned groups, unsigned g, unsigned t) {
    return t < 2 ? 2 * (groups + g) + t : groups + g;
}

static double centred_twiddle(unsigned place) {
    const uint64_t value = modulus_q()->backward[place];
    return value > PRIME_Q / 2 ? -(double)(PRIME_Q - value) : (double)value;
}

static void build_table(void) {
    for (unsigned i = 0; i < BROADCASTS; i++) {
        table.w[i] = centred_twiddle(i);
        table.ratio[i] = table.w[i] / (double)PRIME_Q;
    }
    for (unsigned i = 0; i < BLOCKS * TWIDDLES * FMA_LANES; i++) {
        const unsigned lane = i % FMA_LANES, t = i / FMA_LANES % TWIDDLES, block = i / FMA_LANES / TWIDDLES;
        const double w = centred_twiddle(twiddle_place(DEGREE / FMA_LANES, FMA_LANES * block + lane, t));
        table.lane_w[block][t][lane] = w;
        table.lane_ratio[block][t][lane] = w / (double)PRIME_Q;
    }
}

/* Values of at most 3/4 * Q stay so: sum and difference are at most 3/2 * Q, which both reductions take. */
static inline USES_AVX2 void butterfly(__m256d *x, __m256d *y, fma_factor twiddle) {
    const __m256d sum = _mm256_add_pd(*x, *y), difference = _mm256_sub_pd(*x, *y);
    *x = fma_reduce(sum);
    *y = fma_multiply(difference, twiddle);
}

static inline USES_AVX2 void two_layers(__m256d v[FMA_LANES], const fma_factor t[TWIDDLES]) {
    butterfly(&v[0], &v[1], t[0]);
    butterfly(&v[2], &v[3], t[1]);
    butterfly(&v[0], &v[2], t[2]);
    butterfly(&v[1], &v[3], t[2]);
}

static inline USES_AVX2 void lane_twiddles(unsigned block, fma_factor t[TWIDDLES]) {
    for (unsigned i = 0; i < TWIDDLES; i++) {
        t[i].w = _mm256_loadu_pd(table.lane_w[block][i]);
        t[i].ratio = _mm256_loadu_pd(table.lane_ratio[block][i]);
    }
}

static inline USES_AVX2 void broadcast_twiddles(unsigned groups, unsigned group, fma_factor t[TWIDDLES]) {
    for (unsigned i = 0; i < TWIDDLES; i++) {
        const unsigned place = twiddle_place(groups, group, i);
        t[i] = (fma_factor){fma_constant(table.w[place]), fma_constant(table.ratio[place])};
    }
}

static inline USES_AVX2 void load_four(const double *values, unsigned stride, __m256d v[FMA_LANES]) {
    for (unsigned i = 0; i < FMA_LANES; i++) v[i] = _mm256_loadu_pd(values + i * stride);
}

static inline USES_AVX2 void store_four(double *values, unsigned stride, const __m256d v[FMA_LANES]) {
    for (unsigned i = 0; i < FMA_LANES; i++) _mm256_storeu_pd(values + i * stride, v[i]);
}

/* Layers 0 and 1 on the columns of each 4 x 4 block, so that partners share a lane, and 2 and 3 on its rows. */
static USES_AVX2 void first_four_layers(double *values) {
    for (unsigned block = 0; block < BLOCKS; block++) {
        __m256d v[FMA_LANES];
        fma_factor t[TWIDDLES];
        load_four(values + BLOCK * block, FMA_LANES, v);
        fma_transpose(v);
        lane_twiddles(block, t);
        two_layers(v, t);
        fma_transpose(v);
        broadcast_twiddles(BLOCKS, block, t);
        two_layers(v, t);
        store_four(values + BLOCK * block, FMA_LANES, v);
    }
}

/* The layers with partners at distance `half` and twice that. */
static USES_AVX2 void next_two_layers(double *values, unsigned half) {
    const unsigned groups = DEGREE / (4 * half);
    for (unsigned group = 0; group < groups; group++) {
        fma_factor t[TWIDDLES];
        broadcast_twiddles(groups, group, t);
        for (unsigned j = 0; j < half; j += FMA_LANES) {
            __m256d v[FMA_LANES];
            double *at = values + 4 * half * group + j;
            load_four(at, half, v);
            two_layers(v, t);
            store_four(at, half, v);
        }
    }
}

USES_AVX2 void ntt_backward_q_fma(double values[DEGREE]) {
    pthread_once(&table_built, build_table);
    first_four_layers(values);
    for (unsigned half = BLOCK; half < DEGREE; half *= 4) next_two_layers(values, half);
}
#endif
