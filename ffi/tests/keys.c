/* Keys that the library makes: written whole and private, and good for encrypting and decrypting. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "library_test.h"

enum { ROWS = 5000, RESULT_BYTES = HEADER_BYTES + 2 * GROUP_BYTES, PATH_SIZE = 1024 };
#define LARGEST_ERROR 0x1p-30

static evi_secret_key_t *generate(const evi_context_t *context, const char *directory) {
    evi_seal_info_t *seal = NULL;
    evi_multikeygenerator_t *generator = NULL;
    evi_secret_key_t *key = NULL, *second = NULL;
    OK(evi_seal_info_create(EVI_SEAL_MODE_NONE, NULL, 0, &seal));
    OK(evi_multikeygenerator_create(&context, 1, directory, seal, &generator));
    OK(evi_multikeygenerator_generate_keys(generator, &key));
    CHECK(evi_multikeygenerator_generate_keys(generator, &second) != 0 && second == NULL); /* never over a key */
    evi_multikeygenerator_destroy(generator);
    evi_seal_info_destroy(seal);
    return key;
}

static void path_in(char path[PATH_SIZE], const char *directory, const char *name) {
    CHECK(snprintf(path, PATH_SIZE, "%s/%s", directory, name) < PATH_SIZE);
}

static void check_files(const char *directory) {
    static const char *const names[] = {"SecKey.bin", "EncKey.bin", "EvalKey.bin"};
    for (int i = 0; i < 3; i++) {
        char path[PATH_SIZE];
        struct stat file;
        path_in(path, directory, names[i]);
        CHECK(stat(path, &file) == 0 && (file.st_mode & 07777) == 0600);
    }
}

/* A float each, so that rounding the decrypted score to a float does not hide the error. */
static void fill_scores(double scores[ROWS]) {
    uint32_t state = 1;
    for (int i = 0; i < ROWS; i++) {
        state = state * 1664525 + 1013904223;
        scores[i] = (double)(float)((double)state / 0x1p31 - 1);
    }
    scores[0] = 3.875, scores[1] = -3.875, scores[2] = 0, scores[4096] = 0x1p-20;
}

static void check_scores(const evi_context_t *context, const evi_secret_key_t *key, const uint8_t *data,
                         const double scores[ROWS], double largest_error) {
    evi_decryptor_t *decryptor = NULL;
    evi_search_result_t *result = NULL;
    evi_message_t *message = NULL;
    uint32_t count = 0;
    OK(evi_decryptor_create(context, &decryptor));
    OK(evi_search_result_deserialize_from_string((const char *)data, RESULT_BYTES, &result));
    OK(evi_search_result_get_item_count(result, &count));
    OK(evi_decryptor_decrypt_search_result_with_seckey(decryptor, result, key, 1, NULL, &message));
    CHECK(count == ROWS && evi_message_size(message) == 2 * 4096);
    for (int i = 0; i < ROWS; i++) {
        const double error = fabs((double)evi_message_data(message)[i] - scores[i]);
        if (!(error < largest_error)) STOP("row %d is off by %g", i, error);
    }
    evi_message_destroy(message);
    evi_search_result_destroy(result);
    evi_decryptor_destroy(decryptor);
}

/* Another secret of the same weight: the coefficients of this one in the opposite order of their groups of four. */
static evi_secret_key_t *reversed_key(const char *directory) {
    char path[PATH_SIZE];
    path_in(path, directory, "SecKey.bin");
    buffer payload = read_file(path);
    for (size_t low = 5, high = payload.size - 1; low < high; low++, high--) {
        const uint8_t swapped = payload.bytes[low];
        payload.bytes[low] = payload.bytes[high];
        payload.bytes[high] = swapped;
    }
    path_in(path, directory, "Other.bin");
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL && fwrite(payload.bytes, 1, payload.size, file) == payload.size && fclose(file) == 0);
    evi_secret_key_t *key = load_key(path);
    CHECK(remove(path) == 0);
    free(payload.bytes);
    return key;
}

/* Under another key there is nothing but noise, and no failure that could tell the difference. */
static void check_other_key(const evi_context_t *context, uint8_t data[RESULT_BYTES], const char *directory) {
    evi_secret_key_t *key = reversed_key(directory);
    const buffer result = {.bytes = data, .size = RESULT_BYTES};
    buffer message = {0};
    append_ciphertext(&message, &result);
    buffer encoded = base64_of(message.bytes, message.size);
    rv_score_t best[3];
    rv_top_k_counts_t counts = {0};
    char text[TEXT_SIZE];
    CHECK(rv_decrypt_top_k(context, key, encoded.bytes, encoded.size, 3, best, &counts, text, TEXT_SIZE) == 0);
    CHECK(counts.results == 3 && best[2].score > 3.9 && best[0].score <= 4); /* of 5,000 values, uniform from -4 to 4 */
    free(message.bytes);
    free(encoded.bytes);
    evi_secret_key_destroy(key);
}

/* A call of rv_encrypt_scores() with one thing wrong. */
typedef struct {
    const evi_context_t *context;
    buffer enc_key;
    double *scores;
    uint8_t *out;
} encryption;

static void refuses(const encryption *call, size_t n, size_t out_size, const char *want) {
    char text[TEXT_SIZE];
    CHECK(rv_encrypt_scores(call->context, call->enc_key.bytes, call->enc_key.size, call->scores, n, call->out,
                            out_size, text, TEXT_SIZE) != 0);
    expect_text(text, want);
}

static void refuses_enc_key_change(const encryption *call, size_t at, uint8_t byte, const char *want) {
    const uint8_t before = call->enc_key.bytes[at];
    call->enc_key.bytes[at] = byte;
    refuses(call, ROWS, RESULT_BYTES, want);
    call->enc_key.bytes[at] = before;
}

static void check_refusals(encryption call) {
    refuses(&call, 0, RESULT_BYTES, "0 scores: not between 1 and 2^32 - 1");
    refuses(&call, ROWS, RESULT_BYTES - 1, "the output has not the size of 2 groups");
    refuses(&call, 1, RESULT_BYTES, "the output has not the size of 1 groups");
    refuses(&call, 1, 3, "the output has not the size of 1 groups");
    const double before = call.scores[7], bad[] = {4, -4, (double)NAN, (double)INFINITY};
    for (int i = 0; i < 4; i++) {
        call.scores[7] = bad[i];
        refuses(&call, ROWS, RESULT_BYTES, "score 7 is not between -3.99 and 3.99");
    }
    call.scores[7] = before;
    refuses_enc_key_change(&call, 0, 1, "EncKey: the first byte is not that of an encryption key");
    refuses_enc_key_change(&call, 3, '1', "EncKey: preset IP1 is not supported: only IP0 is");
    refuses_enc_key_change(&call, 3, '2', "EncKey: unknown preset");
    refuses_enc_key_change(&call, 5 + 7, 1, "EncKey: a coefficient is not below Q");
    refuses_enc_key_change(&call, 5 + 3 * 32768 - 1, 8, "EncKey: a coefficient is not below Q");
    call.enc_key.size--;
    refuses(&call, ROWS, RESULT_BYTES, "EncKey: not exactly 131077 bytes");
}

void test_keys(const char *dim, const char *directory) {
    static double scores[ROWS];
    static uint8_t data[RESULT_BYTES], again[RESULT_BYTES];
    char path[PATH_SIZE], text[TEXT_SIZE];
    evi_context_t *context = new_context(strtoul(dim, NULL, 10));
    evi_secret_key_t *key = generate(context, directory);
    check_files(directory);
    path_in(path, directory, "EncKey.bin");
    buffer enc_key = read_file(path);
    fill_scores(scores);
    const int status = rv_encrypt_scores(context, enc_key.bytes, enc_key.size, scores, ROWS, data, sizeof data, text,
                                         TEXT_SIZE);
    if (status != 0) STOP("%s", text);
    check_scores(context, key, data, scores, LARGEST_ERROR);
    rv_encrypt_scores(context, enc_key.bytes, enc_key.size, scores, ROWS, again, sizeof again, text, TEXT_SIZE);
    CHECK(memcmp(data, again, sizeof data) != 0);
    evi_secret_key_destroy(key);
    path_in(path, directory, "SecKey.bin");
    key = load_key(path); /* what was written is what was handed out */
    check_scores(context, key, data, scores, LARGEST_ERROR);
    check_other_key(context, data, directory);
    check_refusals((encryption){context, enc_key, scores, data});
    free(enc_key.bytes);
    evi_secret_key_destroy(key);
    evi_context_destroy(context);
}
