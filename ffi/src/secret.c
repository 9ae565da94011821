#include "secret.h"

#include <string.h>

#include "ntt.h"

enum { HEADER_SIZE = 5, PRESET_SIZE = 4, CODES_PER_BYTE = 4 };
static const uint8_t SECRET_HEADER[HEADER_SIZE] = {1, 'I', 'P', '0', 0};

static int check_header(const uint8_t *payload, size_t size, error_sink *error) {
    if (size != SECRET_PAYLOAD_SIZE) return fail(error, "the payload has not exactly %d bytes", SECRET_PAYLOAD_SIZE);
    if (payload[0] != SECRET_HEADER[0]) return fail(error, "the first byte is not that of a secret key");
    if (memcmp(payload + 1, "IP1", PRESET_SIZE) == 0) return fail(error, "preset IP1 is not supported: only IP0 is");
    if (memcmp(payload + 1, SECRET_HEADER + 1, PRESET_SIZE) != 0) return fail(error, "unknown preset");
    return EVI_SUCCESS;
}

int secret_unpack(const uint8_t *payload, size_t size, uint8_t codes[DEGREE], error_sink *error) {
    if (check_header(payload, size, error) != EVI_SUCCESS) return EVI_FAILURE;
    const uint8_t *packed = payload + HEADER_SIZE;
    unsigned invalid = 0, weight = 0;
    for (unsigned i = 0; i < DEGREE; i++) {
        unsigned code = packed[i / CODES_PER_BYTE] >> (6 - 2 * (i % CODES_PER_BYTE)) & 3;
        codes[i] = (uint8_t)code;
        invalid |= code >> 1 & ~code; /* 10: the high bit without the low one */
        weight += code & 1;
    }
    /* Only these two sums decide, once, over the whole key: the time tells nothing about one coefficient. */
    if ((invalid & 1) != 0) return fail(error, "invalid coefficient code");
    if (weight != SECRET_WEIGHT) return fail(error, "the Hamming weight is not %d", SECRET_WEIGHT);
    return EVI_SUCCESS;
}

void secret_pack(const uint8_t codes[DEGREE], uint8_t payload[SECRET_PAYLOAD_SIZE]) {
    memcpy(payload, SECRET_HEADER, HEADER_SIZE);
    for (unsigned i = 0; i < DEGREE / CODES_PER_BYTE; i++) {
        const uint8_t *four = codes + CODES_PER_BYTE * i;
        payload[HEADER_SIZE + i] = (uint8_t)(four[0] << 6 | four[1] << 4 | four[2] << 2 | four[3]);
    }
}

void secret_transform(const uint8_t codes[DEGREE], const modulus *m, evi_secret_key_t *key) {
    for (unsigned i = 0; i < DEGREE; i++) key->ntt[i] = residue_of_code(codes[i], m->prime);
    ntt_forward(key->ntt, m);
    for (unsigned i = 0; i < DEGREE; i++) key->quotient[i] = shoup_quotient(key->ntt[i], m);
}
