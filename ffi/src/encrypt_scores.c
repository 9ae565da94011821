/* rv_encrypt_scores(): public-key encryption of a score vector (contract fhe.md, section 4). */
#include <string.h>

#include "context.h"
#include "key_material.h"
#include "ntt.h"
#include "runevault.h"
#include "search_result.h"
#include "secure_memory.h"

/* Q / 2 at scale 2^48 is 4; the margin holds any error. */
#define SCORE_LIMIT 3.99
#define SCORE_SCALE 0x1p48

/* Where the polynomials modulo Q start in an EncKey: a mod Q, a mod P, b mod Q, b mod P. */
enum { AT_A = 5, AT_B = 5 + 2 * POLYNOMIAL_BYTES };

/* What is secret: plaintext, ephemeral key and errors. */
typedef struct {
    random_source random;
    uint8_t codes[DEGREE];
    int8_t errors[DEGREE];
    evi_secret_key_t ephemeral;
    uint64_t work[DEGREE];
} encryption_scratch;

static uint64_t coefficient_at(const uint8_t *polynomial, unsigned i) {
    uint64_t value;
    memcpy(&value, polynomial + 8 * i, sizeof value);
    return value;
}

static int check_enc_key(const uint8_t *enc_key, size_t size, error_sink *error) {
    if (size != ENC_KEY_SIZE) return fail(error, "EncKey: not exactly %d bytes", ENC_KEY_SIZE);
    if (enc_key[0] != 2) return fail(error, "EncKey: the first byte is not that of an encryption key");
    if (memcmp(enc_key + 1, "IP1", 4) == 0) return fail(error, "EncKey: preset IP1 is not supported: only IP0 is");
    if (memcmp(enc_key + 1, "IP0", 4) != 0) return fail(error, "EncKey: unknown preset");
    for (unsigned i = 0; i < DEGREE; i++) {
        if (coefficient_at(enc_key + AT_A, i) >= PRIME_Q || coefficient_at(enc_key + AT_B, i) >= PRIME_Q) {
            return fail(error, "EncKey: a coefficient is not below Q");
        }
    }
    return EVI_SUCCESS;
}

static int check_scores(const double *scores, size_t n, error_sink *error) {
    for (size_t i = 0; i < n; i++) {
        /* Written so that NaN fails it, too. */
        if (!(scores[i] >= -SCORE_LIMIT && scores[i] <= SCORE_LIMIT)) {
            return fail(error, "score %zu is not between -%g and %g", i, SCORE_LIMIT, SCORE_LIMIT);
        }
    }
    return EVI_SUCCESS;
}

static uint64_t residue(int64_t value) {
    return (uint64_t)value + (PRIME_Q & negative_mask((uint64_t)value));
}

/* Half away from zero, as round() does, which would need the mathematics library. */
static int64_t rounded(double value) {
    return (int64_t)(value < 0 ? value - 0.5 : value + 0.5);
}

/* v * key + the errors (and scores) that `work` holds in coefficient form. */
static void finish_half(encryption_scratch *scratch, const uint8_t *key_polynomial, uint8_t *out) {
    ntt_forward(scratch->work, modulus_q());
    for (unsigned i = 0; i < DEGREE; i++) {
        const uint64_t product = multiply(coefficient_at(key_polynomial, i), scratch->ephemeral.ntt[i],
                                          scratch->ephemeral.quotient[i], PRIME_Q);
        const uint64_t sum = add_modulo(scratch->work[i], product, PRIME_Q);
        memcpy(out + 8 * i, &sum, sizeof sum);
    }
}

static void draw_errors(encryption_scratch *scratch) {
    random_error(&scratch->random, scratch->errors);
    for (unsigned i = 0; i < DEGREE; i++) scratch->work[i] = residue(scratch->errors[i]);
}

static void encrypt_group(encryption_scratch *scratch, const uint8_t *enc_key, row_layout layout, const double *scores,
                          size_t rows, uint8_t *a, uint8_t *b) {
    random_ternary(&scratch->random, scratch->codes);
    secret_transform(scratch->codes, modulus_q(), &scratch->ephemeral);
    draw_errors(scratch);
    finish_half(scratch, enc_key + AT_A, a);
    draw_errors(scratch);
    for (uint32_t row = 0; row < rows; row++) {
        uint64_t *coefficient = &scratch->work[coefficient_of_row(layout, row)];
        *coefficient = add_modulo(*coefficient, residue(rounded(scores[row] * SCORE_SCALE)), PRIME_Q);
    }
    finish_half(scratch, enc_key + AT_B, b);
}

static int check_sizes(size_t n, size_t out_size, error_sink *error) {
    if (n == 0 || n > UINT32_MAX) return fail(error, "%zu scores: not between 1 and 2^32 - 1", n);
    const size_t groups = (n - 1) / DEGREE + 1, room = out_size - SEARCH_RESULT_HEADER_SIZE;
    if (out_size < SEARCH_RESULT_HEADER_SIZE || room % (2 * POLYNOMIAL_BYTES) != 0 ||
        room / (2 * POLYNOMIAL_BYTES) != groups) {
        return fail(error, "the output has not the size of %zu groups", groups);
    }
    return EVI_SUCCESS;
}

static int encrypt(const evi_context_t *context, const uint8_t *enc_key, const double *scores, size_t n, uint8_t *out,
                   error_sink *error) {
    encryption_scratch *scratch = secure_alloc(sizeof *scratch, MAY_LOCK, error);
    if (scratch == NULL) return EVI_FAILURE;
    const size_t groups = (n - 1) / DEGREE + 1;
    uint8_t *a = out + SEARCH_RESULT_HEADER_SIZE, *b = a + groups * POLYNOMIAL_BYTES;
    search_result_write_header(out, (uint32_t)n, context->dim);
    for (size_t group = 0; group < groups; group++) {
        const size_t first = group * DEGREE, left = n - first;
        encrypt_group(scratch, enc_key, layout_of(context->pad_rank), scores + first, left < DEGREE ? left : DEGREE,
                      a + group * POLYNOMIAL_BYTES, b + group * POLYNOMIAL_BYTES);
    }
    int status = random_check(&scratch->random, error);
    /* Without randomness the bytes above are the plaintext in disguise: they must not leave. */
    if (status != EVI_SUCCESS) secure_wipe(out, SEARCH_RESULT_HEADER_SIZE + 2 * groups * POLYNOMIAL_BYTES);
    secure_free(scratch, sizeof *scratch);
    return status;
}

int rv_encrypt_scores(const evi_context_t *context, const uint8_t *enc_key, size_t enc_key_size, const double *scores,
                      size_t n, uint8_t *out, size_t out_size, char *message, size_t message_size) {
    error_sink error = {.text = message, .size = message_size};
    fail(&error, "%s", ""); /* no stale text on success */
    if (context == NULL || enc_key == NULL || scores == NULL || out == NULL) {
        return fail(&error, "encryption: NULL argument");
    }
    if (check_enc_key(enc_key, enc_key_size, &error) != EVI_SUCCESS) return EVI_FAILURE;
    if (check_sizes(n, out_size, &error) != EVI_SUCCESS) return EVI_FAILURE;
    if (check_scores(scores, n, &error) != EVI_SUCCESS) return EVI_FAILURE;
    return encrypt(context, enc_key, scores, n, out, &error);
}
