/* The backward transform in doubles by AVX2 and FMA, for CPUs that have them (vector_path.h). */
#ifndef RV_NTT_FMA_H
#define RV_NTT_FMA_H

#include "modulus.h"

/*
 * Modulo Q, in place, of integers as doubles. Values of at most 3/4 * Q in magnitude become N times the coefficients,
 * again at most 3/4 * Q: the caller divides by N.
 */
void ntt_backward_q_fma(double values[DEGREE]);

#endif
