/* One key of the form (a, b = e - a * s + P * t) modulo Q and P. */
#ifndef RV_KEY_POLYNOMIALS_H
#define RV_KEY_POLYNOMIALS_H

#include "key_material.h"

/* Where its four polynomials go, at any alignment. */
typedef struct {
    uint8_t *a_q, *a_p, *b_q, *b_p;
} key_places;

/*
 * `source` is t in transformed form modulo Q, or NULL for 0; P * t vanishes modulo P. Randomness that failed shows in
 * random_check() afterwards, before anything of the key may be used.
 */
void make_key(key_workshop *workshop, const uint64_t *source, key_places places);

#endif
