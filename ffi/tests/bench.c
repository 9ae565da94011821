/*
 * Prints what one ciphertext costs, and how fast base64 is:
 *   bench KEY.bin BLOB.b64 [COPIES]
 * repeats the first ciphertext of the blob COPIES times (default 64) in one message.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base64.h"
#include "ciphertext_score.h"
#include "runevault.h"
#include "score_decryption.h"
#include "search_result.h"

enum { ROUNDS = 40, TOP_K = 10 };

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

__attribute__((noreturn)) static void stop(const char *reason) {
    fprintf(stderr, "bench: %s\n", reason);
    exit(1);
}

static uint8_t *read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) stop("cannot read the blob");
    *size = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(*size);
    if (bytes == NULL || fread(bytes, 1, *size, file) != *size) stop("cannot read the blob");
    fclose(file);
    return bytes;
}

static char *encode(const uint8_t *bytes, size_t size) {
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *text = malloc(size / 3 * 4 + 1), *at = text;
    if (text == NULL) stop("out of memory");
    for (size_t i = 0; i + 3 <= size; i += 3) {
        uint32_t group = (uint32_t)bytes[i] << 16 | (uint32_t)bytes[i + 1] << 8 | bytes[i + 2];
        for (int shift = 18; shift >= 0; shift -= 6) *at++ = alphabet[group >> shift & 63];
    }
    *at = '\0';
    return text;
}

/* One ciphertext field of `data`, `copies` times, then an unknown field that fills up to a multiple of three bytes. */
static char *message_of_copies(wire_reader data, size_t copies) {
    const size_t size = (size_t)(data.end - data.at), inner = size + 4, step = inner + 4;
    uint8_t *bytes = calloc(copies * step + 8, 1), *at = bytes;
    if (bytes == NULL) stop("out of memory");
    for (size_t i = 0; i < copies; i++, at += step) {
        const uint8_t head[] = {0x1a, (uint8_t)(inner | 0x80), (uint8_t)(inner >> 7 | 0x80), (uint8_t)(inner >> 14),
                                0x12, (uint8_t)(size | 0x80),  (uint8_t)(size >> 7 | 0x80),  (uint8_t)(size >> 14)};
        memcpy(at, head, sizeof head);
        memcpy(at + sizeof head, data.at, size);
    }
    for (; (at - bytes) % 3 != 0; at += 2) at[0] = 0x20;
    char *text = encode(bytes, (size_t)(at - bytes));
    free(bytes);
    return text;
}

static void bench_core(const evi_secret_key_t *key, row_layout layout, const search_result_view *result) {
    static decryption_scratch scratch;
    static float scores[DEGREE];
    double best = 1e18;
    for (int round = 0; round < ROUNDS * 10; round++) {
        double start = now();
        decrypt_group(key, result->a, result->b, layout, &scratch, scores);
        double took = now() - start;
        if (took < best) best = took;
    }
    printf("decryption core: %.0f ns a ciphertext\n", best);
}

static void bench_base64(const char *text) {
    const size_t size = strlen(text);
    uint8_t *out = malloc(base64_capacity(size));
    size_t decoded;
    double best = 1e18;
    error_sink none = {0};
    for (int round = 0; round < ROUNDS; round++) {
        double start = now();
        if (base64_decode((const uint8_t *)text, size, out, &decoded, &none) != 0) stop("base64");
        double took = now() - start;
        if (took < best) best = took;
    }
    printf("base64: %.2f GB/s of text\n", (double)size / best);
    free(out);
}

static void bench_call(const evi_context_t *context, const evi_secret_key_t *key, const char *text, size_t copies) {
    rv_score_t best_scores[TOP_K];
    uint32_t count;
    char message[256];
    double best = 1e18;
    for (int round = 0; round < ROUNDS; round++) {
        double start = now();
        if (rv_decrypt_top_k(context, key, (const uint8_t *)text, strlen(text), TOP_K, best_scores, &count, message,
                             sizeof message) != 0) {
            stop(message);
        }
        double took = now() - start;
        if (took < best) best = took;
    }
    printf("whole call: %.0f ns a ciphertext, %zu in a call\n", best / (double)copies, copies);
}

int main(int argc, char **argv) {
    if (argc < 3) stop("usage: bench KEY.bin BLOB.b64 [COPIES]");
    const size_t copies = argc > 3 ? strtoul(argv[3], NULL, 10) : 64;
    evi_context_t *context = NULL;
    evi_secret_key_t *key = NULL;
    if (evi_context_create(EVI_PRESET_IP0, EVI_DEVICE_CPU, 1024, EVI_EVAL_MODE_RMP, NULL, &context) != 0 ||
        evi_secret_key_create_from_path(argv[1], &key) != 0) {
        stop(evi_last_error_message());
    }
    error_sink none = {0};
    size_t text_size, size;
    uint8_t *text = read_file(argv[2], &text_size), *bytes = malloc(base64_capacity(text_size));
    ciphertext_score score;
    wire_reader data;
    search_result_view result;
    if (base64_decode(text, text_size, bytes, &size, &none) != 0) stop("base64");
    if (ciphertext_score_parse(bytes, size, &score, &none) != 0) stop("protobuf");
    score_cursor cursor = ciphertext_score_begin(&score);
    if (!next_ciphertext(&cursor, &data)) stop("no ciphertext");
    if (search_result_check(data.at, (size_t)(data.end - data.at), &result, &none) != 0) stop("search result");
    bench_core(key, layout_of(context->pad_rank), &result);
    char *repeated = message_of_copies(data, copies);
    bench_base64(repeated);
    bench_call(context, key, repeated, copies);
    free(repeated), free(text), free(bytes);
    evi_secret_key_destroy(key);
    evi_context_destroy(context);
    return 0;
}
