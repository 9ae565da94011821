/*
 * Writes the start corpora of the fuzz targets: fuzz_seeds DIRECTORY makes text/, search_result/ and secret_key/ in
 * it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz_support.h"
#include "secret.h"

enum { PATH_SIZE = 1024 };

static const char *root;

static void save(const char *target, const char *name, const buffer *seed) {
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s/%s", root, target, name);
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL && fwrite(seed->bytes, 1, seed->size, file) == seed->size && fclose(file) == 0);
}

static void make_folder(const char *target) {
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", root, target);
    CHECK(mkdir(path, 0700) == 0);
}

/* A search result as an input: header, then one mark a group. */
static buffer short_result(uint32_t total_count, uint64_t n, size_t groups) {
    buffer seed = zero_result(total_count, n, 0);
    for (size_t i = 0; i < groups; i++) {
        append(&seed, GROUP_MARK, MARK_SIZE);
        append_byte(&seed, (uint8_t)(i + 1));
    }
    return seed;
}

static void make_results(void) {
    make_folder("search_result");
    const struct {
        const char *name;
        uint32_t total_count;
        uint64_t n;
        size_t groups;
    } cases[] = {{"one", 0, 1, 1}, {"full", 4096, 4096, 1}, {"two", 5000, 5000, 2}, {"huge", 1, UINT64_MAX, 1},
                 {"header", 1, 1, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buffer seed = short_result(cases[i].total_count, cases[i].n, cases[i].groups);
        save("search_result", cases[i].name, &seed);
        free(seed.bytes);
    }
}

/* HEaaNCiphertext with the lengths that it has once its marks are replaced. */
static void append_short_ciphertext(buffer *message, uint32_t total_count, uint64_t n, size_t groups) {
    buffer data = short_result(total_count, n, groups), head = {0};
    const size_t size = HEADER_BYTES + groups * GROUP_BYTES;
    append_tag(&head, 1, 0);
    append_varint(&head, 4096);
    append_tag(&head, 2, 2);
    append_varint(&head, size);
    append_tag(message, 3, 2);
    append_varint(message, head.size + size);
    append(message, head.bytes, head.size);
    append(message, data.bytes, data.size);
    free(data.bytes);
    free(head.bytes);
}

static void make_messages(void) {
    buffer seed = {0};
    append(&seed, "\x01\x05", 2); /* a message, top_k 5 */
    append_field(&seed, 1, "id-0123456789", 13);
    append_short_ciphertext(&seed, 10, 10, 1);
    save("text", "one", &seed);
    append_short_ciphertext(&seed, 0, 4097, 2);
    save("text", "two", &seed);
    append_field(&seed, 2, "\x03\x07", 2);
    save("text", "packed", &seed);
    append_tag(&seed, 2, 0);
    append_varint(&seed, UINT64_MAX);
    append_short_ciphertext(&seed, 3, 1, 1);
    save("text", "mixed", &seed);
    append_field(&seed, 9, "unknown", 7);
    append_tag(&seed, 10, 1);
    append_zeros(&seed, 8);
    append_tag(&seed, 11, 5);
    append_zeros(&seed, 4);
    save("text", "unknown", &seed);
    free(seed.bytes);
}

static void make_texts(void) {
    static const char *const texts[] = {"CgJpZA==", "AQ\nID", "AA==BB", "GgA=",
                                        "not-valid-base64!!!", "A=A=A=A", "=AAA="};
    make_folder("text");
    make_messages();
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char name[16];
        buffer seed = {0};
        snprintf(name, sizeof name, "text-%zu", i);
        append(&seed, "\x00\x05", 2); /* a text, top_k 5 */
        append(&seed, texts[i], strlen(texts[i]));
        save("text", name, &seed);
        free(seed.bytes);
    }
}

static void make_secret_keys(void) {
    uint8_t codes[DEGREE];
    buffer seed = {0};
    make_folder("secret_key");
    for (unsigned i = 0; i < DEGREE; i++) {
        codes[i] = i >= SECRET_WEIGHT ? CODE_ZERO : i % 2 ? CODE_PLUS_ONE : CODE_MINUS_ONE;
    }
    append_zeros(&seed, SECRET_PAYLOAD_SIZE);
    secret_pack(codes, seed.bytes);
    save("secret_key", "good", &seed);
    seed.bytes[5] = 0xaa;
    save("secret_key", "code", &seed);
    seed.bytes[3] = '1';
    save("secret_key", "preset", &seed);
    free(seed.bytes);
}

int main(int argc, char **argv) {
    if (argc != 2) STOP("usage: fuzz_seeds DIRECTORY");
    root = argv[1];
    make_results();
    make_texts();
    make_secret_keys();
    return 0;
}
