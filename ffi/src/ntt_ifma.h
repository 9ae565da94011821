/* The backward transform by AVX-512 IFMA, for CPUs that have it (vector_path.h). */
#ifndef RV_NTT_IFMA_H
#define RV_NTT_IFMA_H

#include "modulus.h"

/* Modulo Q, in place. Values below 2 * Q become N times the coefficients, below 2 * Q: the caller divides by N. */
void ntt_backward_q_ifma(uint64_t *values);

#endif
