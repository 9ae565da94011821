#include "key_polynomials.h"

#include <string.h>

#include "ntt.h"

/* Lifts the errors modulo the prime and transforms them; no branch on a sign. */
static void transform_errors(const int8_t errors[DEGREE], const modulus *m, uint64_t values[DEGREE]) {
    for (unsigned i = 0; i < DEGREE; i++) {
        const uint64_t wide = (uint64_t)(int64_t)errors[i];
        values[i] = wide + (m->prime & negative_mask(wide));
    }
    ntt_forward(values, m);
}

/* e - a * s in place of e; `a` is public. */
static void subtract_product(const modulus *m, const evi_secret_key_t *key, const uint8_t *a, uint64_t values[DEGREE]) {
    for (unsigned i = 0; i < DEGREE; i++) {
        uint64_t ai;
        memcpy(&ai, a + 8 * i, sizeof ai);
        values[i] = subtract_modulo(values[i], multiply(ai, key->ntt[i], key->quotient[i], m->prime), m->prime);
    }
}

/* The same error in both moduli: (a, b) is one element modulo Q * P, of which these are the two residues. */
static void make_half(key_workshop *workshop, const modulus *m, const evi_secret_key_t *key, uint8_t *a) {
    random_uniform(&workshop->random, m, workshop->work);
    memcpy(a, workshop->work, POLYNOMIAL_BYTES);
    transform_errors(workshop->errors, m, workshop->work);
    subtract_product(m, key, a, workshop->work);
}

static void add_source(const uint64_t *source, uint64_t values[DEGREE]) {
    const modulus *q = modulus_q();
    const uint64_t p = PRIME_P % PRIME_Q, p_quotient = shoup_quotient(p, q);
    for (unsigned i = 0; i < DEGREE; i++) {
        values[i] = add_modulo(values[i], multiply(source[i], p, p_quotient, PRIME_Q), PRIME_Q);
    }
}

void make_key(key_workshop *workshop, const uint64_t *source, key_places places) {
    random_error(&workshop->random, workshop->errors);
    make_half(workshop, modulus_q(), &workshop->key_q, places.a_q);
    if (source != NULL) add_source(source, workshop->work);
    memcpy(places.b_q, workshop->work, POLYNOMIAL_BYTES);
    make_half(workshop, modulus_p(), &workshop->key_p, places.a_p);
    memcpy(places.b_p, workshop->work, POLYNOMIAL_BYTES);
}
