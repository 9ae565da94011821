#include "random.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/types.h>
#if defined(__linux__)
#include <sys/random.h>
#endif

#include "envector.h"
#include "secret.h"
#include "sort.h"

enum { COINS = 21 };

#if defined(__linux__)
static int fill(uint8_t *bytes, size_t size) {
    while (size > 0) {
        ssize_t count = getrandom(bytes, size, 0);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return EVI_FAILURE;
        bytes += count, size -= (size_t)count;
    }
    return EVI_SUCCESS;
}
#else
static int fill(uint8_t *bytes, size_t size) {
    arc4random_buf(bytes, size); /* cannot fail */
    return EVI_SUCCESS;
}
#endif

uint64_t random_word(random_source *source) {
    if (source->left == 0) {
        if (source->failed || fill((uint8_t *)source->words, sizeof source->words) != EVI_SUCCESS) {
            source->failed = 1;
            return 0;
        }
        source->left = sizeof source->words / sizeof source->words[0];
    }
    uint64_t *word = &source->words[--source->left], value = *word;
    *word = 0;
    return value;
}

int random_check(const random_source *source, error_sink *error) {
    return source->failed ? fail(error, "the operating system gave no randomness") : EVI_SUCCESS;
}

void random_uniform(random_source *source, const modulus *m, uint64_t values[DEGREE]) {
    for (unsigned i = 0; i < DEGREE; i++) {
        do {
            values[i] = random_word(source) >> (64 - m->bits);
        } while (values[i] >= m->prime);
    }
}

/*
 * 2730 random signs and 1366 zeros, in an order that is uniform because it is that of 62 random bits each. Equal bits
 * would keep an order of ours: then all is drawn anew (once in 10^12). Sorting touches the same addresses for every
 * outcome.
 */
void random_secret(random_source *source, uint64_t scratch[DEGREE], uint8_t codes[DEGREE]) {
    uint64_t equal;
    do {
        for (unsigned i = 0; i < DEGREE; i++) {
            const uint64_t bits = random_word(source), sign = random_word(source) >> 62 & 2;
            const uint64_t code = i < SECRET_WEIGHT ? CODE_PLUS_ONE | sign : CODE_ZERO;
            scratch[i] = (bits & ~UINT64_C(3)) | code;
        }
        sort_words(scratch);
        equal = 0;
        for (unsigned i = 1; i < DEGREE; i++) {
            const uint64_t difference = (scratch[i] ^ scratch[i - 1]) >> 2;
            equal |= (difference - 1) >> 63; /* 62 bits: only 0 - 1 reaches the top bit */
        }
    } while (equal && !source->failed);
    for (unsigned i = 0; i < DEGREE; i++) codes[i] = (uint8_t)(scratch[i] & 3);
}

void random_ternary(random_source *source, uint8_t codes[DEGREE]) {
    for (unsigned i = 0; i < DEGREE; i++) {
        const uint64_t word = random_word(source), nonzero = word >> 63, sign = word >> 61 & 2;
        codes[i] = (uint8_t)(nonzero | (sign & (0 - nonzero)));
    }
}

/*
 * By adding bits in parallel: without the machine's instruction, the compiler's popcount looks secrets up in a table.
 */
static inline unsigned ones(uint32_t bits) {
    bits -= bits >> 1 & 0x55555555;
    bits = (bits & 0x33333333) + (bits >> 2 & 0x33333333);
    bits = (bits + (bits >> 4)) & 0x0f0f0f0f;
    return bits * 0x01010101 >> 24;
}

void random_error(random_source *source, int8_t errors[DEGREE]) {
    const uint32_t coins = (1u << COINS) - 1;
    for (unsigned i = 0; i < DEGREE; i++) {
        const uint64_t word = random_word(source);
        errors[i] = (int8_t)((int)ones((uint32_t)word & coins) - (int)ones((uint32_t)(word >> 32) & coins));
    }
}
