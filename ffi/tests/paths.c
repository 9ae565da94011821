/*
 * Every vector path that this machine has against the portable one, bit by bit: scores, base64 with a foreign
 * character at every place, coefficient checks. Compiled with RV_FORCED_PATH=path_under_test; prints the paths, a line
 * each, the portable one first.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "score_decryption.h"
#include "search_result.h"
#include "support.h"

enum { KEYS = 6, TEXT_SIZE = 600, MISALIGNED = 33 };

vector_path path_under_test;

static uint64_t next_random(void) {
    static uint64_t state = UINT64_C(88172645463325252);
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

typedef enum { ZEROS, LARGEST, HALVES, EXTREMES, RANDOM, FILLINGS } filling;

static uint64_t coefficient(filling how) {
    const uint64_t random = next_random();
    if (how == HALVES) return PRIME_Q / 2 + random % 2;
    if (how == RANDOM) return random % PRIME_Q;
    return how == LARGEST || (how == EXTREMES && random % 2 == 1) ? PRIME_Q - 1 : 0;
}

static void fill(uint8_t *polynomial, filling how) {
    for (size_t i = 0; i < DEGREE; i++) {
        const uint64_t value = coefficient(how);
        memcpy(polynomial + 8 * i, &value, sizeof value);
    }
}

/* A ternary key, or one whose transform is as far out as none is: paths must agree on these, too. */
static void make_key(evi_secret_key_t *key, int number) {
    uint8_t codes[DEGREE];
    for (size_t i = 0; i < DEGREE; i++) codes[i] = (uint8_t)(next_random() % 3 * 3 / 2);
    secret_transform(codes, modulus_q(), key);
    if (number < 2) return;
    for (size_t i = 0; i < DEGREE; i++) {
        key->ntt[i] = coefficient((filling)(number - 2));
        key->quotient[i] = shoup_quotient(key->ntt[i], modulus_q());
    }
}

static void compare_scores(const evi_secret_key_t *key, const uint8_t *a, const uint8_t *b, uint32_t pad_rank) {
    static decryption_scratch scratch;
    static float expected[DEGREE], scores[DEGREE];
    const row_layout layout = {.pad_rank = pad_rank, .items = DEGREE / pad_rank};
    decrypt_group_portable(key, a, b, layout, &scratch, expected);
    memset(scores, 0xff, sizeof scores);
    decrypt_group(key, a, b, layout, &scratch, scores);
    CHECK(memcmp(scores, expected, sizeof scores) == 0);
}

static void test_scores(void) {
    static uint8_t a[POLYNOMIAL_BYTES + MISALIGNED], b[POLYNOMIAL_BYTES + MISALIGNED];
    evi_secret_key_t *key = malloc(sizeof *key);
    CHECK(key != NULL);
    for (int number = 0; number < KEYS; number++) {
        make_key(key, number);
        for (int how = 0; how < FILLINGS * FILLINGS; how++) {
            fill(a + MISALIGNED, (filling)(how / FILLINGS));
            fill(b + MISALIGNED, (filling)(how % FILLINGS));
            compare_scores(key, a + MISALIGNED, b + MISALIGNED, how % 2 == 0 ? 32 : 64);
        }
    }
    free(key);
}

typedef struct {
    int status;
    size_t size;
    uint8_t bytes[TEXT_SIZE];
    char failure[256];
} decoded_text;

/* In memory of exactly these sizes, for the sanitizer. */
static decoded_text decode(vector_path path, const uint8_t *text, size_t size) {
    decoded_text out = {0};
    error_sink error = {.text = out.failure, .size = sizeof out.failure};
    uint8_t *exact = malloc(size), *bytes = malloc(base64_capacity(size));
    CHECK(exact != NULL && bytes != NULL);
    memcpy(exact, text, size);
    path_under_test = path;
    out.status = base64_decode(exact, size, bytes, &out.size, &error);
    if (out.status == 0) memcpy(out.bytes, bytes, out.size);
    free(exact), free(bytes);
    return out;
}

static void compare_texts(vector_path path, const uint8_t *text, size_t size) {
    const decoded_text expected = decode(PATH_PORTABLE, text, size), got = decode(path, text, size);
    CHECK(got.status == expected.status && got.size == expected.size);
    CHECK(memcmp(got.bytes, expected.bytes, sizeof got.bytes) == 0);
    expect_text(got.failure, expected.failure);
}

static void test_base64(vector_path path) {
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint8_t text[TEXT_SIZE];
    for (size_t i = 0; i < sizeof text; i++) text[i] = (uint8_t)alphabet[next_random() % 64];
    for (size_t size = 1; size <= sizeof text; size++) compare_texts(path, text, size);
    /* Every character, at every place of two steps and beyond. */
    for (unsigned character = 0; character < 256; character++) {
        for (size_t at = 0; at < 160; at++) {
            const uint8_t before = text[at];
            text[at] = (uint8_t)character;
            compare_texts(path, text, 300 + at % 4);
            text[at] = before;
        }
    }
}

/* One coefficient of Q or more among 8,192, at places all over a vector. */
static void test_check(void) {
    static const uint64_t values[] = {PRIME_Q - 1, PRIME_Q, PRIME_Q + 1, UINT64_C(1) << 63, UINT64_MAX};
    buffer data = zero_result(4096, 4096, 1);
    search_result_view view;
    error_sink none = {0};
    for (size_t place = 0; place < 2 * DEGREE; place += place < 40 ? 1 : 37) {
        uint8_t *at = data.bytes + HEADER_BYTES + 8 * place;
        for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
            memcpy(at, &values[i], 8);
            CHECK((search_result_check(data.bytes, data.size, &view, &none) == 0) == (values[i] < PRIME_Q));
        }
        memset(at, 0, 8);
    }
    free(data.bytes);
}

int main(void) {
    static const char *const names[] = {"PATH_PORTABLE", "PATH_AVX2", "PATH_AVX512"};
    for (int i = 0; i < 3; i++) {
        const vector_path path = (vector_path)i;
        if (!path_is_supported(path)) continue;
        path_under_test = path;
        test_scores();
        test_check();
        test_base64(path);
        puts(names[i]);
    }
    return 0;
}
