/* The ternary secret as a payload (SecKey.bin), as coefficients, and as the transformed key that decrypts. */
#ifndef RV_SECRET_H
#define RV_SECRET_H

#include <stddef.h>
#include <stdint.h>

#include "envector.h"
#include "error.h"
#include "modulus.h"

enum { SECRET_PAYLOAD_SIZE = 1029, SECRET_WEIGHT = 2730 };

/* Two-bit codes of the payload; 10 is invalid. */
enum { CODE_ZERO = 0, CODE_PLUS_ONE = 1, CODE_MINUS_ONE = 3 };

/* A key in transformed form. Lives in secure memory only, and is the whole of its allocation. */
struct evi_secret_key {
    uint64_t ntt[DEGREE], quotient[DEGREE];
};

/*
 * Checks size, first byte, preset, codes and Hamming weight, and unpacks one code a coefficient. Texts name the check
 * that failed, and never a position or value.
 */
int secret_unpack(const uint8_t *payload, size_t size, uint8_t codes[DEGREE], error_sink *error);

void secret_pack(const uint8_t codes[DEGREE], uint8_t payload[SECRET_PAYLOAD_SIZE]);

/* Fills in the key modulo m: transformed coefficients with their Shoup quotients. */
void secret_transform(const uint8_t codes[DEGREE], const modulus *m, evi_secret_key_t *key);

/* 0, 1 or prime - 1 for a code, without a branch or a table. */
static inline uint64_t residue_of_code(uint8_t code, uint64_t prime) {
    uint64_t nonzero = 0 - (uint64_t)(code & 1), minus = 0 - (uint64_t)(code >> 1);
    return (1 & nonzero & ~minus) | ((prime - 1) & minus);
}

#endif
