#include "ntt.h"

/*
 * No layer reduces: a product is below 2 * prime, so a value grows by at most 2 * prime a layer, to 25 * prime < 2^60
 * after twelve.
 */
void ntt_forward(uint64_t *values, const modulus *m) {
    const uint64_t prime = m->prime;
    for (unsigned blocks = 1, half = DEGREE / 2; blocks < DEGREE; blocks *= 2, half /= 2) {
        for (unsigned block = 0; block < blocks; block++) {
            const uint64_t w = m->forward[blocks + block], quotient = m->forward_quotient[blocks + block];
            uint64_t *low = values + 2 * block * half, *high = low + half;
            for (unsigned j = 0; j < half; j++) {
                uint64_t product = multiply_lazy(high[j], w, quotient, prime);
                high[j] = low[j] + 2 * prime - product;
                low[j] += product;
            }
        }
    }
    const uint64_t one_quotient = shoup_quotient(1, m);
    for (unsigned i = 0; i < DEGREE; i++) values[i] = multiply(values[i], 1, one_quotient, prime);
}

/* A twiddle with its quotient. */
typedef struct {
    uint64_t w, quotient;
} twiddle;

static inline twiddle backward_twiddle(const modulus *m, unsigned index) {
    return (twiddle){m->backward[index], m->backward_quotient[index]};
}

static inline uint64_t twisted_difference(uint64_t u, uint64_t v, uint64_t bound, twiddle t) {
    return multiply_lazy(u - v + bound, t.w, t.quotient, PRIME_Q);
}

/*
 * Two Gentleman-Sande layers at once, over the four values of each butterfly pair: half the loads and stores.
 *
 * No layer reduces. Entering layer k (from 0), every value is below 2^k * (Q + 2^38): sums double, and a product is
 * below 2 * Q. The difference stays positive by adding bound = Q * 2^(k + 1), and it is below 3 * 2^k * (Q + 2^38) <
 * 2^64, for which multiply_lazy() holds. The last sums are below 2^12 * (Q + 2^38) < 2^64. That needs Q < 2^51.
 */
static inline void two_layers(uint64_t *quad, unsigned half, unsigned layer, const twiddle t[3]) {
    const uint64_t bound = PRIME_Q << (layer + 1);
    for (unsigned j = 0; j < half; j++) {
        uint64_t a = quad[j], b = quad[j + half], c = quad[j + 2 * half], d = quad[j + 3 * half];
        uint64_t sum0 = a + b, sum1 = c + d;
        uint64_t product0 = twisted_difference(a, b, bound, t[0]);
        uint64_t product1 = twisted_difference(c, d, bound, t[1]);
        quad[j] = sum0 + sum1;
        quad[j + half] = product0 + product1;
        quad[j + 2 * half] = twisted_difference(sum0, sum1, 2 * bound, t[2]);
        quad[j + 3 * half] = twisted_difference(product0, product1, 2 * bound, t[2]);
    }
}

/* Layers 10 and 11, the latter with the factor 1 / N in both of its twiddles. */
static void last_two_layers(uint64_t *values, const modulus *m) {
    enum { QUARTER = DEGREE / 4, BEFORE_LAST = DEGREE_BITS - 2 };
    const uint64_t bound = PRIME_Q << (BEFORE_LAST + 1);
    const twiddle left = backward_twiddle(m, 2), right = backward_twiddle(m, 3);
    const twiddle scale = {m->last[0], m->last_quotient[0]}, last = {m->last[1], m->last_quotient[1]};
    for (unsigned j = 0; j < QUARTER; j++) {
        uint64_t *quad = values + j;
        uint64_t sum0 = quad[0] + quad[QUARTER], sum1 = quad[2 * QUARTER] + quad[3 * QUARTER];
        uint64_t product0 = twisted_difference(quad[0], quad[QUARTER], bound, left);
        uint64_t product1 = twisted_difference(quad[2 * QUARTER], quad[3 * QUARTER], bound, right);
        quad[0] = multiply_lazy(sum0 + sum1, scale.w, scale.quotient, PRIME_Q);
        quad[QUARTER] = multiply_lazy(product0 + product1, scale.w, scale.quotient, PRIME_Q);
        quad[2 * QUARTER] = twisted_difference(sum0, sum1, 2 * bound, last);
        quad[3 * QUARTER] = twisted_difference(product0, product1, 2 * bound, last);
    }
}

void ntt_backward_q(uint64_t *values) {
    const modulus *m = modulus_q();
    unsigned blocks = DEGREE / 4;
    for (unsigned layer = 0; layer < DEGREE_BITS - 2; layer += 2, blocks /= 4) {
        const unsigned half = 1u << layer;
        for (unsigned block = 0; block < blocks; block++) {
            const twiddle t[3] = {
                backward_twiddle(m, 2 * (blocks + block)),
                backward_twiddle(m, 2 * (blocks + block) + 1),
                backward_twiddle(m, blocks + block),
            };
            two_layers(values + 4 * half * block, half, layer, t);
        }
    }
    last_two_layers(values, m);
}
