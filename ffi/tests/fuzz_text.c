/*
 * rv_decrypt_top_k(), from any text to its answer. The first byte chooses: even, the rest is the text; odd, the rest
 * is a message (with marks, see fuzz_support.h) that is encoded here. The second byte is top_k.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_support.h"
#include "runevault.h"
#include "secret.h"

enum { TEXT_SIZE = 256, MOST_SCORES = 256 };

/* Any ternary polynomial will do. */
static const evi_secret_key_t *some_key(void) {
    static evi_secret_key_t key;
    static int made;
    uint8_t codes[DEGREE];
    if (made) return &key;
    for (unsigned i = 0; i < DEGREE; i++) codes[i] = (uint8_t)(i * i % 3 == 0 ? CODE_ZERO : i % 2 ? 1 : 3);
    secret_transform(codes, modulus_q(), &key);
    made = 1;
    return &key;
}

static void check_answer(int status, uint32_t top_k, const rv_score_t *scores, const rv_top_k_counts_t *counts,
                         const char *text) {
    CHECK(status == 0 ? text[0] == '\0' : text[0] != '\0' && counts->rows == 0 && counts->ciphertexts == 0);
    CHECK(counts->results <= top_k && counts->results <= counts->rows);
    for (uint32_t i = 0; i < counts->results; i++) {
        CHECK(fabs(scores[i].score) <= 4 && scores[i].row_idx >= 0);
        CHECK(i == 0 || scores[i - 1].score >= scores[i].score);
    }
    for (const char *at = text; *at != '\0'; at++) CHECK(*at >= ' ' && *at <= '~');
}

static void decrypt(const buffer *text, uint32_t top_k) {
    static evi_context_t *context;
    rv_score_t scores[MOST_SCORES];
    rv_top_k_counts_t counts = {0};
    char failure[TEXT_SIZE];
    if (context == NULL) evi_context_create(EVI_PRESET_IP0, EVI_DEVICE_CPU, 1024, EVI_EVAL_MODE_RMP, NULL, &context);
    int status = rv_decrypt_top_k(context, some_key(), text->bytes, text->size, top_k, scores, &counts, failure,
                                  TEXT_SIZE);
    check_answer(status, top_k, scores, &counts, failure);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
    if (size < 2) return 0;
    buffer text = expand_groups(input + 2, input[0] % 2 ? size - 2 : 0);
    if (input[0] % 2) {
        buffer encoded = base64_of(text.bytes, text.size);
        free(text.bytes);
        text = encoded;
    } else {
        free(text.bytes);
        text = (buffer){.bytes = malloc(size - 2), .size = size - 2};
        if (size > 2) memcpy(text.bytes, input + 2, size - 2);
    }
    decrypt(&text, input[1]);
    free(text.bytes);
    return 0;
}
