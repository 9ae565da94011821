#include "library_test.h"

#include <stdlib.h>

evi_context_t *new_context(uint64_t dim) {
    evi_context_t *context = NULL;
    OK(evi_context_create(EVI_PRESET_IP0, EVI_DEVICE_CPU, dim, EVI_EVAL_MODE_RMP, NULL, &context));
    return context;
}

evi_secret_key_t *load_key(const char *path) {
    evi_secret_key_t *key = NULL;
    OK(evi_secret_key_create_from_path(path, &key));
    return key;
}

int decrypt_message(const evi_secret_key_t *key, const buffer *message, uint32_t top_k, rv_score_t *out,
                    uint32_t *count, char text[TEXT_SIZE]) {
    evi_context_t *context = new_context(1024);
    buffer encoded = base64_of(message->bytes, message->size);
    rv_top_k_counts_t counts;
    int status = rv_decrypt_top_k(context, key, encoded.bytes, encoded.size, top_k, out, &counts, text, TEXT_SIZE);
    *count = counts.results;
    CHECK((status == 0) == (text[0] == '\0'));
    free(encoded.bytes);
    evi_context_destroy(context);
    return status;
}
