/* The relations between a secret and its public keys (contract fhe.md, section 2), computed into payloads. */
#ifndef RV_KEY_MATERIAL_H
#define RV_KEY_MATERIAL_H

#include <stddef.h>
#include <stdint.h>

#include "context.h"
#include "random.h"
#include "secret.h"

enum { ENC_KEY_SIZE = 5 + 4 * POLYNOMIAL_BYTES };

/* Everything secret about a key under construction. Lives in secure memory. */
typedef struct {
    random_source random;
    uint8_t codes[DEGREE];
    uint8_t payload[SECRET_PAYLOAD_SIZE];
    evi_secret_key_t key_q, key_p;
    int8_t errors[DEGREE];
    uint64_t work[DEGREE], source[DEGREE];
} key_workshop;

/* Draws a secret and derives its payload and transformed keys. */
int workshop_open(key_workshop *workshop, error_sink *error);

/* Fills ENC_KEY_SIZE bytes. */
int make_enc_key(key_workshop *workshop, uint8_t *payload, error_sink *error);

/* EVIKeys{pad_rank}.bin and metadata-eval.json in one bundle; the caller frees *out. */
int make_eval_key(key_workshop *workshop, const evi_context_t *context, uint8_t **out, size_t *size,
                  error_sink *error);

#endif
