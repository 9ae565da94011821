/* What rv_decrypt_top_k() and the search-result parser refuse, and the exact texts that a client sees. */
#include <stdlib.h>
#include <string.h>

#include "library_test.h"

#define UNPARSABLE "Deserialization failed: Error parsing message with type 'ES2.CiphertextScore'"
#define PRIME_Q UINT64_C(2251799813554177)

enum { AT_TOTAL = 1, AT_LEVEL = 5, AT_N = 9, AT_DEGREE = 25, TOP_K = 4 };

static const evi_secret_key_t *key;

/* Decrypts a message; the count on success, else the text must be `want`. */
static uint32_t decrypts(const buffer *message, const char *want) {
    rv_score_t best[TOP_K];
    uint32_t count = 99;
    char text[TEXT_SIZE];
    decrypt_message(key, message, TOP_K, best, &count, text);
    expect_text(text, want);
    CHECK(want[0] == '\0' || count == 0);
    return count;
}

/* The same refusal both ways: by the vendor's function and, with its place, by ours. */
static void refuses_result(buffer data, const char *text) {
    evi_search_result_t *result = (evi_search_result_t *)&data;
    REFUSES(evi_search_result_deserialize_from_string((const char *)data.bytes, data.size, &result), text);
    CHECK(result == NULL);
    buffer message = {0};
    char full[TEXT_SIZE] = "envector/crypto: ctxt_score[0]: ";
    strcat(full, text);
    append_ciphertext(&message, &data);
    decrypts(&message, full);
    free(message.bytes);
    free(data.bytes);
}

static buffer changed(size_t at, uint64_t value, size_t size) {
    buffer data = zero_result(0, 1, 1);
    memcpy(data.bytes + at, &value, size);
    return data;
}

static buffer resized(uint64_t n, size_t size) {
    buffer data = zero_result(0, n, 2);
    data.size = size;
    return data;
}

static void test_results(void) {
    refuses_result(resized(1, 1), "search result: 1 bytes are too short for the header");
    refuses_result(resized(1, 32), "search result: 32 bytes are too short for the header");
    refuses_result(changed(0, 1, 1), "search result: unknown tag");
    refuses_result(changed(AT_LEVEL, 1, 4), "search result: level is not 0");
    refuses_result(changed(AT_LEVEL, 0xffffffff, 4), "search result: level is not 0");
    refuses_result(changed(AT_N, 0, 8), "search result: n is 0");
    refuses_result(changed(AT_DEGREE, 4095, 8), "search result: degree is not 4096");
    refuses_result(changed(AT_DEGREE, 4096 + (UINT64_C(1) << 32), 8), "search result: degree is not 4096");
    const uint64_t coefficients[] = {PRIME_Q, PRIME_Q + 1, UINT64_C(1) << 51, UINT64_C(1) << 63, UINT64_MAX};
    const size_t places[] = {HEADER_BYTES, HEADER_BYTES + 32760, HEADER_BYTES + 32768, HEADER_BYTES + 65528};
    for (size_t i = 0; i < 5; i++) {
        for (size_t j = 0; j < 4; j++) {
            refuses_result(changed(places[j], coefficients[i], 8), "search result: a coefficient is not below Q");
        }
    }
}

/* Counts that overflow a naive product, or promise memory that is not there. */
static void test_result_sizes(void) {
    const size_t whole = HEADER_BYTES + GROUP_BYTES;
    const struct {
        uint64_t n;
        size_t size;
    } cases[] = {
        {1, HEADER_BYTES},           {1, whole - 1},  {1, whole + 1},
        {1, whole + 32768},          {1, whole + GROUP_BYTES}, {4097, whole},
        {UINT64_MAX, whole},         {UINT64_MAX, HEADER_BYTES},     {UINT64_MAX - 4095, HEADER_BYTES},
        {UINT64_C(1) << 60, HEADER_BYTES}, {UINT64_C(1) << 48, HEADER_BYTES},     {(UINT64_C(1) << 60) + 1, whole},
        {UINT64_C(1) << 32, whole},  {INT64_MAX, whole},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[TEXT_SIZE] = "search result: length ";
        char number[24], *digit = number + sizeof number - 1;
        *digit = '\0';
        for (size_t size = cases[i].size; size > 0; size /= 10) *--digit = (char)('0' + size % 10);
        refuses_result(resized(cases[i].n, cases[i].size), strcat(strcat(text, digit), " does not match n"));
    }
}

/* Every prefix of a message fails, but for those that end with a field. */
static void test_truncation(void) {
    buffer message = {0}, data = zero_result(0, 5, 1);
    append_field(&message, 1, "id", 2);
    const size_t after_id = message.size;
    append_field(&message, 2, "\x03\x81\x01", 3);
    const size_t after_shards = message.size;
    append_ciphertext(&message, &data);
    const size_t whole = message.size;
    for (size_t size = 1; size < whole; size += size < 64 || size + 64 > whole ? 1 : 997) {
        message.size = size;
        if (size == after_shards) {
            decrypts(&message, "envector/crypto: ctxt_score has 0 entries but shard_idx has 2");
        } else {
            decrypts(&message, size == after_id ? "" : UNPARSABLE);
        }
    }
    free(message.bytes);
    free(data.bytes);
}

static void test_wire_format(void) {
    static const struct {
        const char *bytes;
        size_t size;
        const char *want;
    } cases[] = {
        {"", 0, ""},
        {"\x0a\x02id", 4, ""},
        {"\x0a\x02\xff\xff", 4, UNPARSABLE},         /* a string that is not UTF-8 */
        {"\x0a\x03\xed\xa0\x80", 5, UNPARSABLE},     /* a surrogate */
        {"\x0a\x02\xc1\xbf", 4, UNPARSABLE},         /* an overlong form */
        {"\x0a\x04\xf0\x9f\x94\x91", 6, ""},         /* a key emoji */
        {"\x08\x05", 2, ""},                         /* id as a varint: an unknown field */
        {"\x18\x05", 2, ""},                         /* ctxt_score as a varint */
        {"\x15\x01\x02\x03\x04", 5, ""},             /* shard_idx as 32 bits */
        {"\x20\x01\x29\x01\x02\x03\x04\x05\x06\x07\x08\x32\x01x\x3d\x01\x02\x03\x04", 19, ""}, /* unknown fields */
        {"\x00\x00", 2, UNPARSABLE},                 /* field number 0 */
        {"\x02\x00", 2, UNPARSABLE},
        {"\x23\x24", 2, UNPARSABLE},                 /* a group */
        {"\x26", 1, UNPARSABLE},                     /* wire types 6 and 7 */
        {"\x27", 1, UNPARSABLE},
        {"\x20", 1, UNPARSABLE},
        {"\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, ""},
        {"\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12, UNPARSABLE}, /* a varint of 11 bytes */
        {"\xa0\x80\x80\x80\x80\x80\x00\x01", 8, UNPARSABLE},                  /* a tag of 7 bytes */
        {"\xa0\x80\x80\x80\x10\x01", 6, UNPARSABLE},                          /* a tag of 33 bits */
        {"\x0a\x7f", 2, UNPARSABLE},
        {"\x0a\xff\xff\xff\xff\x0f", 6, UNPARSABLE},                          /* 4 GiB of string */
        {"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, UNPARSABLE},     /* 2^64 - 1 bytes of string */
        {"\x1a\x02\x12\x05", 4, UNPARSABLE},                                  /* data beyond its ciphertext */
        {"\x12\x01\x80", 3, UNPARSABLE},                                      /* a packed run cut within a varint */
        {"\x10\x07", 2, "envector/crypto: ctxt_score has 0 entries but shard_idx has 1"},
        {"\x10\x07\x12\x02\x01\x02\x1a\x00", 8, "envector/crypto: ctxt_score has 1 entries but shard_idx has 3"},
        {"\x1a\x00", 2, "envector/crypto: ctxt_score[0] empty"},
        {"\x1a\x02\x12\x00", 4, "envector/crypto: ctxt_score[0] empty"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buffer message = {0};
        append(&message, cases[i].bytes, cases[i].size);
        CHECK(decrypts(&message, cases[i].want) == 0);
        free(message.bytes);
    }
}

/* Packed and unpacked indices in one message, an index beyond 32 bits, equal scores, and rows cut to the item count. */
static void test_shards_and_ties(void) {
    buffer message = {0}, three = zero_result(3, 9, 1), one = zero_result(0, 1, 1);
    rv_score_t best[TOP_K];
    uint32_t count;
    char text[TEXT_SIZE];
    append_tag(&message, 2, 0);
    append_varint(&message, (UINT64_C(1) << 32) + 7);
    append_ciphertext(&message, &three);
    append_field(&message, 2, "\x05", 1);
    append_ciphertext(&message, &one);
    CHECK(decrypt_message(key, &message, TOP_K, best, &count, text) == 0 && count == 4);
    for (int i = 0; i < 4; i++) {
        CHECK(best[i].shard_idx == (i < 3 ? 7 : 5) && best[i].row_idx == i % 3 && best[i].score == 0);
    }
    CHECK(decrypt_message(key, &message, 2, best, &count, text) == 0 && count == 2);
    CHECK(best[1].shard_idx == 7 && best[1].row_idx == 1);
    append_ciphertext(&message, &one);
    decrypts(&message, "envector/crypto: ctxt_score has 3 entries but shard_idx has 2");
    free(message.bytes), free(three.bytes), free(one.bytes);
}

/* An item count beyond the coefficients gives no more rows than there are; of a repeated data the last one holds. */
static void test_rows_and_repeats(void) {
    buffer message = {0}, inner = {0}, many = zero_result(UINT32_MAX, 1, 1), bad = zero_result(0, 0, 1);
    rv_score_t *best = calloc(5000, sizeof *best);
    uint32_t count;
    char text[TEXT_SIZE];
    append_field(&inner, 2, bad.bytes, bad.size);
    append_field(&inner, 2, many.bytes, many.size);
    append_field(&message, 3, inner.bytes, inner.size);
    CHECK(decrypt_message(key, &message, 5000, best, &count, text) == 0 && count == 4096);
    append_ciphertext(&message, &bad);
    decrypts(&message, "envector/crypto: ctxt_score[1]: search result: n is 0");
    free(message.bytes), free(inner.bytes), free(many.bytes), free(bad.bytes), free(best);
}

static void refuses_text(const char *text, size_t size, uint32_t top_k, const char *want) {
    evi_context_t *context = new_context(1024);
    rv_score_t best[TOP_K];
    rv_top_k_counts_t counts = {.results = 99, .ciphertexts = 99, .rows = 99};
    char failure[TEXT_SIZE];
    CHECK(rv_decrypt_top_k(context, key, (const uint8_t *)text, size, top_k, best, &counts, failure, TEXT_SIZE) != 0);
    expect_text(failure, want);
    CHECK(counts.results == 0 && counts.ciphertexts == 0 && counts.rows == 0);
    CHECK(rv_decrypt_top_k(context, key, (const uint8_t *)text, size, top_k, best, &counts, failure, 5) != 0);
    CHECK(strlen(failure) == 4 && strncmp(failure, want, 4) == 0); /* cut to the caller's buffer */
    CHECK(rv_decrypt_top_k(context, key, (const uint8_t *)text, size, top_k, best, &counts, NULL, 0) != 0);
    evi_context_destroy(context);
}

static void test_texts(void) {
    refuses_text("AAAA\x80", 5, 1, "string argument should contain only ASCII characters");
    refuses_text("not-valid-base64!!!", 19, 1, "Incorrect padding");
    refuses_text("AAAAA", 5, 1,
                 "Invalid base64-encoded string: number of data characters (5) cannot be 1 more than a multiple of 4");
    refuses_text("AAAA", 4, 1, UNPARSABLE);
    refuses_text("", 0, 0, "top_k is 0");
    refuses_text(NULL, 1, 1, "decryption: NULL argument");
}

void test_message_refusals(const char *key_path) {
    evi_secret_key_t *loaded = load_key(key_path);
    key = loaded;
    test_results();
    test_result_sizes();
    test_truncation();
    test_wire_format();
    test_shards_and_ties();
    test_rows_and_repeats();
    test_texts();
    evi_secret_key_destroy(loaded);
}
