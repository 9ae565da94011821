/* Negacyclic number-theoretic transforms of 4096 coefficients, in place (contract fhe.md, section 1). */
#ifndef RV_NTT_H
#define RV_NTT_H

#include "modulus.h"

/* Coefficients below the prime become transformed values below the prime. */
void ntt_forward(uint64_t *values, const modulus *m);

/*
 * Modulo Q only. Transformed values below Q + 2^38 (what score_decryption.c makes) become coefficients below 2 * Q, not fully
 * reduced.
 */
void ntt_backward_q(uint64_t *values);

#endif
