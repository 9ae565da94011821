/*
 * Our extensions of the envector interface, prefix rv_. Both functions are re-entrant: any number of threads may call
 * them with the same context and key. They return 0 or non-zero; the text of a failure goes to `message`
 * (NUL-terminated, cut to message_size), because a thread pool's thread-local texts are out of the caller's reach.
 */
#ifndef RUNEVAULT_H
#define RUNEVAULT_H

#include "envector.h"

#ifdef __cplusplus
extern "C" {
#endif

/* 16 bytes: i32, i32, f64 in native order. */
typedef struct {
    int32_t shard_idx;
    int32_t row_idx;
    double score;
} rv_score_t;

/* 12 bytes: what one call found in a message. */
typedef struct {
    uint32_t results; /* entries of `out` that are filled */
    uint32_t ciphertexts;
    uint32_t rows; /* decrypted scores, of which the results are the best */
} rv_top_k_counts_t;

/*
 * From the base64 text of an ES2.CiphertextScore to its top_k best scores, best first; equal scores keep their order
 * in the message. `out` holds top_k entries, of which counts->results are filled; all counts are 0 after a failure.
 * The texts of failures are made for the client: they name the field and quote no bytes.
 */
EVI_API int rv_decrypt_top_k(const evi_context_t *context, const evi_secret_key_t *key, const uint8_t *text,
                             size_t text_size, uint32_t top_k, rv_score_t *out, rv_top_k_counts_t *counts,
                             char *message, size_t message_size);

/*
 * Encrypts n scores under a raw EncKey payload into one search result of exactly 33 + 2 * ceil(n / 4096) * 32,768
 * bytes. Scores lie between -3.99 and 3.99.
 */
EVI_API int rv_encrypt_scores(const evi_context_t *context, const uint8_t *enc_key, size_t enc_key_size,
                              const double *scores, size_t n, uint8_t *out, size_t out_size, char *message,
                              size_t message_size);

#ifdef __cplusplus
}
#endif
#endif
