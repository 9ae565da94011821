/* The EvalKey bundle: the relinearisation key, pad_rank mod-pack keys and their metadata. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "envector.h"
#include "key_polynomials.h"
#include "ntt.h"

enum { PARTS = 4, EVAL_KEY_TAG = 3 };

/* Of one entry: 'F', u64 name length, name, i64 contents length. */
static size_t entry_header_size(const char *name) {
    return 1 + 8 + strlen(name) + 8;
}

static uint8_t *write_entry_header(uint8_t *at, const char *name, uint64_t contents_size) {
    const uint64_t name_size = strlen(name);
    *at++ = 'F';
    memcpy(at, &name_size, sizeof name_size);
    memcpy(at + 8, name, name_size);
    memcpy(at + 8 + name_size, &contents_size, sizeof contents_size);
    return at + 8 + name_size + 8;
}

static uint64_t rounded_up_to_power_of_two(uint64_t dim) {
    uint64_t power = 1;
    while (power < dim) power *= 2;
    return power;
}

/* s squared, in transformed form. */
static void relinearisation_source(key_workshop *workshop) {
    const evi_secret_key_t *key = &workshop->key_q;
    for (unsigned i = 0; i < DEGREE; i++) {
        workshop->source[i] = multiply(key->ntt[i], key->ntt[i], key->quotient[i], PRIME_Q);
    }
}

/* t_i: coefficient pad_rank * j is s[pad_rank * j + pad_rank - 1 - i], all others are 0. */
static void mod_pack_source(key_workshop *workshop, uint32_t pad_rank, uint32_t i) {
    memset(workshop->source, 0, sizeof workshop->source);
    for (uint32_t start = 0; start < DEGREE; start += pad_rank) {
        workshop->source[start] = residue_of_code(workshop->codes[start + pad_rank - 1 - i], PRIME_Q);
    }
    ntt_forward(workshop->source, modulus_q());
}

/* The contents of EVIKeys{pad_rank}.bin. The mod-pack keys are grouped by part, not by key. */
static uint8_t *write_keys(key_workshop *workshop, uint32_t pad_rank, uint8_t *at) {
    const size_t polynomial = POLYNOMIAL_BYTES, block = pad_rank * polynomial;
    *at++ = EVAL_KEY_TAG;
    relinearisation_source(workshop);
    make_key(workshop, workshop->source,
             (key_places){at, at + polynomial, at + 2 * polynomial, at + 3 * polynomial});
    at += PARTS * polynomial;
    for (uint32_t i = 0; i < pad_rank; i++) {
        uint8_t *first = at + i * polynomial;
        mod_pack_source(workshop, pad_rank, i);
        make_key(workshop, workshop->source, (key_places){first, first + block, first + 2 * block, first + 3 * block});
    }
    return at + PARTS * block;
}

int make_eval_key(key_workshop *workshop, const evi_context_t *context, uint8_t **out, size_t *size,
                  error_sink *error) {
    static const char metadata_name[] = "metadata-eval.json";
    char keys_name[32], metadata[128];
    snprintf(keys_name, sizeof keys_name, "EVIKeys%u.bin", (unsigned)context->pad_rank);
    const size_t metadata_size = (size_t)snprintf(
        metadata, sizeof metadata,
        "{\n    \"EvalMode\": \"RMP\",\n    \"ParameterPreset\": \"IP0\",\n    \"Ranks\": [\n        %u\n    ]\n}\n",
        (unsigned)rounded_up_to_power_of_two(context->dim));
    const size_t keys_size = 1 + (size_t)PARTS * POLYNOMIAL_BYTES * (1 + context->pad_rank);
    *size = entry_header_size(keys_name) + keys_size + entry_header_size(metadata_name) + metadata_size;
    *out = malloc(*size); /* public material: ordinary memory */
    if (*out == NULL) return fail_out_of_memory(error);
    uint8_t *at = write_entry_header(*out, keys_name, keys_size);
    at = write_keys(workshop, context->pad_rank, at);
    at = write_entry_header(at, metadata_name, metadata_size);
    memcpy(at, metadata, metadata_size);
    return random_check(&workshop->random, error);
}
