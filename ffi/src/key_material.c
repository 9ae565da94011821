#include "key_material.h"

#include <string.h>

#include "envector.h"
#include "key_polynomials.h"

int workshop_open(key_workshop *workshop, error_sink *error) {
    random_secret(&workshop->random, workshop->work, workshop->codes);
    if (random_check(&workshop->random, error) != EVI_SUCCESS) return EVI_FAILURE;
    secret_pack(workshop->codes, workshop->payload);
    secret_transform(workshop->codes, modulus_q(), &workshop->key_q);
    secret_transform(workshop->codes, modulus_p(), &workshop->key_p);
    return EVI_SUCCESS;
}

int make_enc_key(key_workshop *workshop, uint8_t *payload, error_sink *error) {
    static const uint8_t header[] = {2, 'I', 'P', '0', 0};
    memcpy(payload, header, sizeof header);
    uint8_t *at = payload + sizeof header;
    const key_places places = {at, at + POLYNOMIAL_BYTES, at + 2 * POLYNOMIAL_BYTES, at + 3 * POLYNOMIAL_BYTES};
    make_key(workshop, NULL, places);
    return random_check(&workshop->random, error);
}
