/*
 * Published blobs through both interfaces. CASES is written by library_test.ts: for each ciphertext i32 shard, u32
 * rows, u32 size of its search result, the search result, then the expected scores as f32.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "library_test.h"

enum { MOST_SCORES = 1 << 16, THREADS = 8 };

static rv_score_t expected[MOST_SCORES];
static size_t expected_count;

/* Adjacent floats are adjacent integers; -0 never occurs, as scores come from integers. */
static int64_t ordinal(float value) {
    int32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits < 0 ? -(int64_t)(bits & INT32_MAX) : bits;
}

static void expect_close(float got, float want, size_t row) {
    int64_t distance = ordinal(got) - ordinal(want);
    if (distance < -1 || distance > 1) STOP("row %zu is %.9g, not %.9g", row, (double)got, (double)want);
}

/* The vendor's way; what it gives becomes the expectation of the other way, which must agree with it exactly. */
static void check_result(const evi_secret_key_t *key, const uint8_t *data, uint32_t size, int32_t shard, uint32_t rows,
                         const uint8_t *want) {
    evi_context_t *context = new_context(1024);
    evi_decryptor_t *decryptor = NULL;
    evi_search_result_t *result = NULL;
    evi_message_t *message = NULL;
    uint32_t count = 0;
    OK(evi_decryptor_create(context, &decryptor));
    evi_context_destroy(context); /* before its decryptor is used, as the interface allows */
    OK(evi_search_result_deserialize_from_string((const char *)data, size, &result));
    OK(evi_search_result_get_item_count(result, &count));
    CHECK(count == rows);
    OK(evi_decryptor_decrypt_search_result_with_seckey(decryptor, result, key, 1, NULL, &message));
    CHECK(evi_message_size(message) == (rows + 4095) / 4096 * 4096);
    for (uint32_t row = 0; row < rows; row++) {
        float value;
        memcpy(&value, want + 4 * (size_t)row, sizeof value);
        const float score = evi_message_data(message)[row];
        expect_close(score, value, row);
        CHECK(expected_count < MOST_SCORES);
        expected[expected_count++] = (rv_score_t){shard, (int32_t)row, (double)score};
    }
    evi_message_destroy(message);
    evi_search_result_destroy(result);
    evi_decryptor_destroy(decryptor);
}

static void read_cases(const evi_secret_key_t *key, const buffer *cases) {
    for (size_t at = 0; at < cases->size;) {
        int32_t shard;
        uint32_t rows, size;
        memcpy(&shard, cases->bytes + at, 4);
        memcpy(&rows, cases->bytes + at + 4, 4);
        memcpy(&size, cases->bytes + at + 8, 4);
        const uint8_t *data = cases->bytes + at + 12;
        check_result(key, data, size, shard, rows, data + size);
        at += 12 + size + 4 * (size_t)rows;
    }
}

/* Stable: insertion by merge of equal scores in their present, flattened order. */
static void sort_stably(rv_score_t *scores, size_t count) {
    static rv_score_t merged[MOST_SCORES];
    if (count < 2) return;
    const size_t half = count / 2;
    sort_stably(scores, half);
    sort_stably(scores + half, count - half);
    for (size_t left = 0, right = half, i = 0; i < count; i++) {
        const int take_left = right == count || (left < half && scores[left].score >= scores[right].score);
        merged[i] = scores[take_left ? left++ : right++];
    }
    memcpy(scores, merged, count * sizeof *scores);
}

static void check_top_k(const evi_secret_key_t *key, const buffer *text, size_t top_k) {
    evi_context_t *context = new_context(1024);
    rv_score_t *got = calloc(top_k, sizeof *got);
    rv_top_k_counts_t counts = {0};
    char failure[TEXT_SIZE];
    int status = rv_decrypt_top_k(context, key, text->bytes, text->size, (uint32_t)top_k, got, &counts, failure,
                                  TEXT_SIZE);
    if (status != 0) STOP("%s", failure);
    CHECK(counts.rows == expected_count);
    CHECK(counts.ciphertexts > 0);
    CHECK(counts.results == (top_k < expected_count ? top_k : expected_count));
    for (uint32_t i = 0; i < counts.results; i++) {
        CHECK(got[i].shard_idx == expected[i].shard_idx);
        CHECK(got[i].row_idx == expected[i].row_idx);
        CHECK(got[i].score == expected[i].score);
    }
    free(got);
    evi_context_destroy(context);
}

/*
 * The largest values that the transform can meet, where an intermediate sum comes closest to 2^64: b = -1 everywhere is
 * the transform of the constant -1, so row 0 is -1 / 2^48 and every other row 0, under any key as a is 0.
 */
static void check_extremes(const evi_secret_key_t *key) {
    const uint64_t minus_one = UINT64_C(2251799813554176);
    buffer data = zero_result(0, 4096, 1), message = {0};
    for (size_t i = 0; i < 4096; i++) memcpy(data.bytes + HEADER_BYTES + 32768 + 8 * i, &minus_one, 8);
    append_ciphertext(&message, &data);
    rv_score_t *scores = calloc(4096, sizeof *scores);
    uint32_t count = 0;
    char failure[TEXT_SIZE];
    if (decrypt_message(key, &message, 4096, scores, &count, failure) != 0) STOP("%s", failure);
    CHECK(count == 4096 && scores[4095].row_idx == 0 && scores[4095].score == -0x1p-48);
    for (int32_t i = 0; i < 4095; i++) CHECK(scores[i].score == 0 && scores[i].row_idx == i + 1);
    free(scores);
    free(message.bytes);
    free(data.bytes);
}

typedef struct {
    const evi_secret_key_t *key;
    const buffer *text;
    size_t top_k;
} job;

static void *run_job(void *argument) {
    const job *job = argument;
    for (int round = 0; round < 4; round++) check_top_k(job->key, job->text, job->top_k);
    return NULL;
}

/* One key for all, as in the daemon, whose calls run on a thread pool. */
static void check_threads(const evi_secret_key_t *key, const buffer *text) {
    pthread_t threads[THREADS];
    job jobs[THREADS];
    for (int i = 0; i < THREADS; i++) {
        jobs[i] = (job){key, text, 10 * (size_t)i + 1};
        CHECK(pthread_create(&threads[i], NULL, run_job, &jobs[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
}

void test_golden(const char *key_path, const char *text_path, const char *cases_path) {
    evi_secret_key_t *key = load_key(key_path);
    buffer text = read_file(text_path), cases = read_file(cases_path);
    read_cases(key, &cases);
    sort_stably(expected, expected_count);
    const size_t limits[] = {1, 2, 50, 1000, expected_count, expected_count + 5};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) check_top_k(key, &text, limits[i]);
    check_threads(key, &text);
    check_extremes(key);
    free(text.bytes);
    free(cases.bytes);
    evi_secret_key_destroy(key);
}
