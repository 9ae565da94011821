/* Randomness of the operating system, and the distributions that keys and ciphertexts are made of. */
#ifndef RV_RANDOM_H
#define RV_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "modulus.h"

/*
 * A buffer of random words, each zeroed as it is handed out. Lives in secure memory: its words become key coefficients.
 * Zero-filled memory is a valid empty source.
 */
typedef struct {
    uint64_t words[512];
    size_t left;
    int failed; /* sticky: everything drawn after it is useless */
} random_source;

/* Zeros once the source has failed; callers check random_check() before they use what they drew. */
uint64_t random_word(random_source *source);

/* An error if the operating system has failed to give randomness at any time. */
int random_check(const random_source *source, error_sink *error);

/* Uniform below the prime, by rejection. What it rejects is never used, so its varying time tells nothing. */
void random_uniform(random_source *source, const modulus *m, uint64_t values[DEGREE]);

/* Codes of coefficients (secret.h): exactly SECRET_WEIGHT of them nonzero, uniform among all such secrets. */
void random_secret(random_source *source, uint64_t scratch[DEGREE], uint8_t codes[DEGREE]);

/* Codes with P(+1) = P(-1) = 1/4. */
void random_ternary(random_source *source, uint8_t codes[DEGREE]);

/* Centred binomial of 21 + 21 coins: standard deviation 3.24. */
void random_error(random_source *source, int8_t errors[DEGREE]);

#endif
