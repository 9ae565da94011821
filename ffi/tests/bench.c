/*
 * Prints what one ciphertext costs on each path of this machine, step by step and in whole calls:
 *   bench KEY.bin BLOB.b64
 * takes the first ciphertext of the blob, and repeats it in the messages of the calls. From ffi/:
 *   cc -std=c11 -D_GNU_SOURCE -O3 -fPIC -pthread -Iinclude -Isrc -DRV_FORCED_PATH=path_under_test \
 *     tests/bench.c src/?*.c -o /tmp/bench
 * All times are the least of many, as the machine may be busy.
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

enum { TOP_K = 10 };

vector_path path_under_test;

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

/* The least time of a statement, in nanoseconds, over enough rounds to take about 100 ms. */
#define LEAST(least, ...)                                                          \
    do {                                                                           \
        least = 1e18;                                                              \
        for (double begin = now(), start = begin; start < begin + 1e8 || least > 1e17;) { \
            start = now();                                                         \
            __VA_ARGS__;                                                           \
            const double took = now() - start;                                     \
            if (took < least) least = took;                                        \
        }                                                                          \
    } while (0)

/* Set once by main(): the same for every path. */
static evi_context_t *context;
static evi_secret_key_t *key;
static wire_reader data;
static error_sink none;

static void decrypt_data(int checked) {
    static decryption_scratch scratch;
    static float scores[DEGREE];
    static search_result_view result;
    if ((checked || result.a == NULL) &&
        search_result_check(data.at, (size_t)(data.end - data.at), &result, &none) != 0) {
        stop("search result");
    }
    decrypt_group(key, result.a, result.b, layout_of(context->pad_rank), &scratch, scores);
}

static void bench_steps(void) {
    double core, decoded, text_time;
    char *text = message_of_copies(data, 1);
    const size_t size = strlen(text);
    uint8_t *out = malloc(base64_capacity(size));
    size_t out_size;
    LEAST(core, decrypt_data(0));
    LEAST(decoded, decrypt_data(1));
    LEAST(text_time, if (base64_decode((const uint8_t *)text, size, out, &out_size, &none) != 0) stop("base64"));
    printf("  core %.0f ns, core and coefficient check %.0f ns, base64 %.0f ns\n", core, decoded, text_time);
    free(text), free(out);
}

static void bench_call(size_t copies) {
    rv_score_t scores[TOP_K];
    rv_top_k_counts_t counts;
    char message[256];
    double least;
    char *text = message_of_copies(data, copies);
    const size_t size = strlen(text);
    LEAST(least, if (rv_decrypt_top_k(context, key, (const uint8_t *)text, size, TOP_K, scores, &counts, message,
                                      sizeof message) != 0) stop(message));
    printf("  whole call of %zu: %.0f ns a ciphertext\n", copies, least / (double)copies);
    free(text);
}

static void bench_path(vector_path path, const char *name) {
    static const size_t copies[] = {1, 10, 244};
    if (!path_is_supported(path)) return;
    path_under_test = path;
    printf("%s:\n", name);
    bench_steps();
    for (size_t i = 0; i < sizeof copies / sizeof copies[0]; i++) bench_call(copies[i]);
}

int main(int argc, char **argv) {
    size_t text_size, size;
    ciphertext_score score;
    if (argc < 3) stop("usage: bench KEY.bin BLOB.b64");
    if (evi_context_create(EVI_PRESET_IP0, EVI_DEVICE_CPU, 1024, EVI_EVAL_MODE_RMP, NULL, &context) != 0 ||
        evi_secret_key_create_from_path(argv[1], &key) != 0) {
        stop(evi_last_error_message());
    }
    uint8_t *text = read_file(argv[2], &text_size), *bytes = malloc(base64_capacity(text_size));
    if (base64_decode(text, text_size, bytes, &size, &none) != 0) stop("base64");
    if (ciphertext_score_parse(bytes, size, &score, &none) != 0) stop("protobuf");
    score_cursor cursor = ciphertext_score_begin(&score);
    if (!next_ciphertext(&cursor, &data)) stop("no ciphertext");
    bench_path(PATH_PORTABLE, "portable");
    bench_path(PATH_AVX2, "AVX2");
    bench_path(PATH_AVX512, "AVX-512");
    free(text), free(bytes);
    evi_secret_key_destroy(key);
    evi_context_destroy(context);
    return 0;
}
