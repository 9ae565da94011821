/*
 * Arithmetic modulo the two primes of preset IP0. Everything here takes the same time and touches the same memory for
 * every operand: no branch, no division, no table look-up.
 */
#ifndef RV_MODULUS_H
#define RV_MODULUS_H

#include <stdint.h>

enum { DEGREE_BITS = 12, DEGREE = 1 << DEGREE_BITS, POLYNOMIAL_BYTES = DEGREE * 8 };

#define PRIME_Q UINT64_C(2251799813554177)
#define PRIME_P UINT64_C(36028797014376449)

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "keys and ciphertexts are little-endian and are read in place"
#endif

__extension__ typedef unsigned __int128 uint128_t;

typedef struct {
    uint64_t prime;
    /* floor(2^(64 + bits - 1) / prime), which fits 64 bits because the prime has `bits` bits. */
    uint64_t reciprocal;
    unsigned bits;
    /* Powers of psi in bit-reversed order, each with its Shoup quotient. */
    uint64_t forward[DEGREE], forward_quotient[DEGREE];
    uint64_t backward[DEGREE], backward_quotient[DEGREE];
    /* 1 / N, and the one twiddle of the last backward layer times 1 / N. */
    uint64_t last[2], last_quotient[2];
} modulus;

/* Built once, on first use, by whichever thread comes first. */
const modulus *modulus_q(void);
const modulus *modulus_p(void);

static inline uint64_t high_word(uint64_t x, uint64_t y) {
    return (uint64_t)(((uint128_t)x * y) >> 64);
}

/* All ones if x >= 2^63, that is if a difference of small numbers went below zero; else 0. */
static inline uint64_t negative_mask(uint64_t x) {
    return 0 - (x >> 63);
}

/* x mod prime for x < 2 * prime. */
static inline uint64_t reduce_once(uint64_t x, uint64_t prime) {
    uint64_t reduced = x - prime;
    return reduced + (prime & negative_mask(reduced));
}

/*
 * Shoup's product: x * w mod prime plus at most one prime, so below 2 * prime, for ANY 64-bit x and w < prime with its
 * quotient floor(w * 2^64 / prime). More exactly it is below prime * (1 + x / 2^64).
 */
static inline uint64_t multiply_lazy(uint64_t x, uint64_t w, uint64_t quotient, uint64_t prime) {
    return x * w - high_word(x, quotient) * prime;
}

static inline uint64_t multiply(uint64_t x, uint64_t w, uint64_t quotient, uint64_t prime) {
    return reduce_once(multiply_lazy(x, w, quotient, prime), prime);
}

static inline uint64_t add_modulo(uint64_t x, uint64_t y, uint64_t prime) {
    return reduce_once(x + y, prime);
}

static inline uint64_t subtract_modulo(uint64_t x, uint64_t y, uint64_t prime) {
    uint64_t difference = x - y;
    return difference + (prime & negative_mask(difference));
}

/*
 * floor(w * 2^64 / prime) for w < prime, without a division: w may be a key coefficient, and the time of a 128-bit
 * division depends on its operands.
 */
static inline uint64_t shoup_quotient(uint64_t w, const modulus *m) {
    /* Too small by at most 2: one for the reciprocal's floor (w < 2^bits), one for this floor. */
    uint64_t quotient = (uint64_t)(((uint128_t)w * m->reciprocal) >> (m->bits - 1));
    for (int correction = 0; correction < 2; correction++) {
        uint64_t remainder = 0 - quotient * m->prime; /* w * 2^64 vanishes modulo 2^64 */
        quotient += 1 & ~negative_mask(remainder - m->prime);
    }
    return quotient;
}

#endif
