#include "modulus.h"

#include <pthread.h>

/* The numerically smallest primitive 2N-th roots of unity. */
#define PSI_Q UINT64_C(278055349447)
#define PSI_P UINT64_C(115736144453)

static modulus table_q, table_p;
static pthread_once_t tables_built = PTHREAD_ONCE_INIT;

/* Public numbers only: this one may divide. */
static uint64_t multiply_public(uint64_t x, uint64_t y, uint64_t prime) {
    return (uint64_t)((uint128_t)x * y % prime);
}

static uint64_t power(uint64_t base, uint64_t exponent, uint64_t prime) {
    uint64_t result = 1;
    for (; exponent > 0; exponent >>= 1) {
        if (exponent & 1) result = multiply_public(result, base, prime);
        base = multiply_public(base, base, prime);
    }
    return result;
}

static unsigned bit_reversed(unsigned index) {
    unsigned reversed = 0;
    for (int bit = 0; bit < DEGREE_BITS; bit++) reversed |= (index >> bit & 1) << (DEGREE_BITS - 1 - bit);
    return reversed;
}

static void fill_powers(const modulus *m, uint64_t root, uint64_t *powers, uint64_t *quotients) {
    uint64_t value = 1;
    for (unsigned i = 0; i < DEGREE; i++) {
        unsigned place = bit_reversed(i);
        powers[place] = value;
        quotients[place] = shoup_quotient(value, m);
        value = multiply_public(value, root, m->prime);
    }
}

static void build(modulus *m, uint64_t prime, unsigned bits, uint64_t psi) {
    m->prime = prime;
    m->bits = bits;
    m->reciprocal = (uint64_t)(((uint128_t)1 << (63 + bits)) / prime);
    fill_powers(m, psi, m->forward, m->forward_quotient);
    fill_powers(m, power(psi, prime - 2, prime), m->backward, m->backward_quotient);
    m->last[0] = power(DEGREE, prime - 2, prime);
    m->last[1] = multiply_public(m->last[0], m->backward[1], prime);
    for (int i = 0; i < 2; i++) m->last_quotient[i] = shoup_quotient(m->last[i], m);
}

static void build_tables(void) {
    build(&table_q, PRIME_Q, 51, PSI_Q);
    build(&table_p, PRIME_P, 55, PSI_P);
}

const modulus *modulus_q(void) {
    pthread_once(&tables_built, build_tables);
    return &table_q;
}

const modulus *modulus_p(void) {
    pthread_once(&tables_built, build_tables);
    return &table_p;
}
