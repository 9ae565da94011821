/* The vendor's way to a decrypted score: search result, decryptor, message. */
#include <stdlib.h>
#include <string.h>

#include "context.h"
#include "envector.h"
#include "score_decryption.h"
#include "search_result.h"
#include "secure_memory.h"

struct evi_decryptor {
    row_layout layout;
};

/* Owns a copy of the bytes that the view points into. */
struct evi_search_result {
    search_result_view view;
    uint8_t *bytes;
};

struct evi_message {
    size_t size;
    float *scores; /* secure memory: they are somebody's private data */
};

evi_status_t evi_decryptor_create(const evi_context_t *context, evi_decryptor_t **out) {
    error_sink *error = last_error();
    if (out != NULL) *out = NULL;
    if (context == NULL || out == NULL) return fail(error, "decryptor: NULL argument");
    evi_decryptor_t *decryptor = malloc(sizeof *decryptor);
    if (decryptor == NULL) return fail_out_of_memory(error);
    decryptor->layout = layout_of(context->pad_rank);
    *out = decryptor;
    return EVI_SUCCESS;
}

void evi_decryptor_destroy(evi_decryptor_t *decryptor) {
    free(decryptor);
}

evi_status_t evi_search_result_deserialize_from_string(const char *data, size_t size, evi_search_result_t **out) {
    error_sink *error = last_error();
    search_result_view view;
    if (out != NULL) *out = NULL;
    if (data == NULL || out == NULL) return fail(error, "search result: NULL argument");
    /* Checked before it is copied, so that nothing is allocated for bytes that are not a search result. */
    if (search_result_check((const uint8_t *)data, size, &view, error) != EVI_SUCCESS) return EVI_FAILURE;
    evi_search_result_t *result = malloc(sizeof *result);
    uint8_t *bytes = malloc(size);
    if (result == NULL || bytes == NULL) {
        free(result);
        free(bytes);
        return fail_out_of_memory(error);
    }
    memcpy(bytes, data, size);
    view.a = bytes + (view.a - (const uint8_t *)data);
    view.b = bytes + (view.b - (const uint8_t *)data);
    *result = (evi_search_result_t){.view = view, .bytes = bytes};
    *out = result;
    return EVI_SUCCESS;
}

evi_status_t evi_search_result_get_item_count(const evi_search_result_t *result, uint32_t *out) {
    error_sink *error = last_error();
    if (result == NULL || out == NULL) return fail(error, "search result: NULL argument");
    const uint64_t count = search_result_item_count(&result->view);
    *out = count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
    return EVI_SUCCESS;
}

void evi_search_result_destroy(evi_search_result_t *result) {
    if (result == NULL) return;
    free(result->bytes);
    free(result);
}

static evi_message_t *new_message(size_t groups, error_sink *error) {
    evi_message_t *message = malloc(sizeof *message);
    if (message == NULL) {
        fail_out_of_memory(error);
        return NULL;
    }
    /* No overflow: a group has 65,536 bytes of search result behind it and 16,384 here. */
    message->size = groups * DEGREE;
    message->scores = secure_alloc(message->size * sizeof *message->scores, MAY_LOCK, error);
    if (message->scores != NULL) return message;
    free(message);
    return NULL;
}

evi_status_t evi_decryptor_decrypt_search_result_with_seckey(const evi_decryptor_t *decryptor,
                                                             const evi_search_result_t *result,
                                                             const evi_secret_key_t *key, int is_score,
                                                             const double *scale, evi_message_t **out) {
    error_sink *error = last_error();
    if (out != NULL) *out = NULL;
    if (decryptor == NULL || result == NULL || key == NULL || out == NULL) {
        return fail(error, "decryption: NULL argument");
    }
    if (is_score != 1) return fail(error, "decryption: only scores (is_score 1) are supported");
    if (scale != NULL) return fail(error, "decryption: only the default scale (NULL) is supported");
    decryption_scratch *scratch = secure_alloc(sizeof *scratch, MAY_LOCK, error);
    evi_message_t *message = scratch == NULL ? NULL : new_message(result->view.groups, error);
    for (size_t group = 0; message != NULL && group < result->view.groups; group++) {
        const size_t offset = group * POLYNOMIAL_BYTES;
        decrypt_group(key, result->view.a + offset, result->view.b + offset, decryptor->layout, scratch,
                      message->scores + group * DEGREE);
    }
    secure_free(scratch, sizeof *scratch);
    *out = message;
    return message == NULL ? EVI_FAILURE : EVI_SUCCESS;
}

size_t evi_message_size(const evi_message_t *message) {
    return message == NULL ? 0 : message->size;
}

const float *evi_message_data(const evi_message_t *message) {
    return message == NULL ? NULL : message->scores;
}

void evi_message_destroy(evi_message_t *message) {
    if (message == NULL) return;
    secure_free(message->scores, message->size * sizeof *message->scores);
    free(message);
}
