/* rv_decrypt_top_k(): base64, protobuf, decryption and selection in one call. */
#include "runevault.h"

#include <stdlib.h>

#include "base64.h"
#include "ciphertext_score.h"
#include "context.h"
#include "score_decryption.h"
#include "scratch_pool.h"
#include "search_result.h"
#include "secure_memory.h"
#include "top_k.h"

/* What is secret during a call: polynomials, and scores that may not all be given out. */
typedef struct {
    decryption_scratch decryption;
    float scores[DEGREE];
} call_scratch;
_Static_assert(sizeof(call_scratch) <= SCRATCH_BLOCK_SIZE, "a call's scratch fits a block");

typedef struct {
    const evi_secret_key_t *key;
    row_layout layout;
    call_scratch *scratch;
    top_k_selection *selection;
    rv_top_k_counts_t *counts;
    error_sink *error;
} decryption_call;

static void select_from_result(const decryption_call *call, const search_result_view *result, size_t position) {
    const size_t rows = search_result_rows(result);
    for (size_t first = 0; first < rows; first += DEGREE) {
        const size_t offset = first / DEGREE * POLYNOMIAL_BYTES, left = rows - first;
        float *scores = call->scratch->scores;
        decrypt_group(call->key, result->a + offset, result->b + offset, call->layout, &call->scratch->decryption,
                      scores);
        top_k_offer(call->selection, (int32_t)position, (int32_t)first, scores, left < DEGREE ? left : DEGREE);
    }
}

static int select_from_ciphertext(const decryption_call *call, wire_reader data, size_t position) {
    char text[128];
    error_sink check = {.text = text, .size = sizeof text};
    search_result_view result;
    if (wire_at_end(&data)) return fail(call->error, "envector/crypto: ctxt_score[%zu] empty", position);
    if (search_result_check(data.at, (size_t)(data.end - data.at), &result, &check) != EVI_SUCCESS) {
        return fail(call->error, "envector/crypto: ctxt_score[%zu]: %s", position, text);
    }
    select_from_result(call, &result, position);
    call->counts->ciphertexts += 1;
    call->counts->rows += (uint32_t)search_result_rows(&result);
    return EVI_SUCCESS;
}

/* Replaces positions by shard indices, cut to 32 bits as the answer's field is. */
static int name_shards(const ciphertext_score *score, top_k_selection *selection, error_sink *error) {
    if (score->shard_count == 0) return EVI_SUCCESS;
    /* By now every ciphertext has shown at least 65,569 bytes, so this is small however many were claimed. */
    int32_t *shards = calloc(score->shard_count, sizeof *shards);
    if (shards == NULL) return fail_out_of_memory(error);
    score_cursor cursor = ciphertext_score_begin(score);
    uint64_t shard_idx;
    for (size_t i = 0; i < score->shard_count && next_shard_idx(&cursor, &shard_idx); i++) {
        shards[i] = (int32_t)(uint32_t)shard_idx;
    }
    for (uint32_t i = 0; i < selection->count; i++) {
        selection->entries[i].shard_idx = shards[selection->entries[i].shard_idx];
    }
    free(shards);
    return EVI_SUCCESS;
}

static int select_from_message(const decryption_call *call, const uint8_t *bytes, size_t size) {
    ciphertext_score score;
    if (ciphertext_score_parse(bytes, size, &score, call->error) != EVI_SUCCESS) return EVI_FAILURE;
    if (score.shard_count != 0 && score.shard_count != score.ciphertext_count) {
        return fail(call->error, "envector/crypto: ctxt_score has %zu entries but shard_idx has %zu",
                    score.ciphertext_count, score.shard_count);
    }
    score_cursor cursor = ciphertext_score_begin(&score);
    wire_reader data;
    for (size_t position = 0; next_ciphertext(&cursor, &data); position++) {
        if (select_from_ciphertext(call, data, position) != EVI_SUCCESS) return EVI_FAILURE;
    }
    top_k_sort(call->selection);
    return name_shards(&score, call->selection, call->error);
}

/* The decoded copy of the text: ciphertext, so ordinary memory, which is only committed as far as it is written. */
static int select_from_text(const decryption_call *call, const uint8_t *text, size_t text_size) {
    uint8_t *bytes = malloc(base64_capacity(text_size));
    if (bytes == NULL) return fail_out_of_memory(call->error);
    size_t size;
    int status = base64_decode(text, text_size, bytes, &size, call->error);
    if (status == EVI_SUCCESS) status = select_from_message(call, bytes, size);
    free(bytes);
    return status;
}

int rv_decrypt_top_k(const evi_context_t *context, const evi_secret_key_t *key, const uint8_t *text, size_t text_size,
                     uint32_t top_k, rv_score_t *out, rv_top_k_counts_t *counts, char *message, size_t message_size) {
    error_sink error = {.text = message, .size = message_size};
    fail(&error, "%s", ""); /* no stale text on success */
    if (counts != NULL) *counts = (rv_top_k_counts_t){0};
    if (context == NULL || key == NULL || out == NULL || counts == NULL || (text == NULL && text_size != 0)) {
        return fail(&error, "decryption: NULL argument");
    }
    if (top_k == 0) return fail(&error, "top_k is 0");
    top_k_selection selection = {.entries = out, .limit = top_k};
    decryption_call call = {
        .key = key,
        .layout = layout_of(context->pad_rank),
        .selection = &selection,
        .counts = counts,
        .error = &error,
    };
    call.scratch = scratch_take(&error);
    if (call.scratch == NULL) return EVI_FAILURE;
    int status = select_from_text(&call, text, text_size);
    scratch_give(call.scratch);
    if (status == EVI_SUCCESS) {
        counts->results = selection.count;
    } else {
        secure_wipe(out, selection.count * sizeof *out); /* what came before the failure is not an answer */
        *counts = (rv_top_k_counts_t){0};
    }
    return status;
}
