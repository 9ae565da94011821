#include "base64.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "base64_vector.h"
#include "envector.h"

/* Above every pair's 12 bits, so that one test covers four look-ups. */
enum { NOT_IN_ALPHABET = 0x8000 };

/*
 * The six bits of a character, and the twelve of two in the order of the text. The text is public: it may be an index.
 */
static uint16_t singles[256];
static uint16_t pairs[1 << 16];
static pthread_once_t tables_built = PTHREAD_ONCE_INIT;

static void build_tables(void) {
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (unsigned i = 0; i < sizeof singles / sizeof singles[0]; i++) singles[i] = NOT_IN_ALPHABET;
    for (unsigned i = 0; i < sizeof pairs / sizeof pairs[0]; i++) pairs[i] = NOT_IN_ALPHABET;
    for (unsigned first = 0; first < 64; first++) {
        singles[(uint8_t)alphabet[first]] = (uint16_t)first;
        for (unsigned second = 0; second < 64; second++) {
            const unsigned little_endian = (uint8_t)alphabet[first] | (unsigned)(uint8_t)alphabet[second] << 8;
            pairs[little_endian] = (uint16_t)(first << 6 | second);
        }
    }
}

size_t base64_capacity(size_t text_size) {
    return text_size / 4 * 3 + 3;
}

static int all_ascii(const uint8_t *text, size_t size) {
    uint8_t bits = 0;
    for (size_t i = 0; i < size; i++) bits |= text[i];
    return bits < 0x80;
}

static inline void store_three(uint8_t *out, uint32_t group) {
    out[0] = (uint8_t)(group >> 16), out[1] = (uint8_t)(group >> 8), out[2] = (uint8_t)group;
}

/* False at a character that is none of the alphabet. */
static inline bool decode_four(const uint8_t *text, uint8_t *out) {
    uint16_t two[2];
    memcpy(two, text, sizeof two);
    const uint32_t first = pairs[two[0]], second = pairs[two[1]];
    store_three(out, first << 12 | second);
    return ((first | second) & NOT_IN_ALPHABET) == 0;
}

/* Writes two bytes too many. */
static inline bool decode_eight(const uint8_t *text, uint8_t *out) {
    uint64_t eight;
    memcpy(&eight, text, sizeof eight);
    const uint64_t a = pairs[eight & 0xffff], b = pairs[eight >> 16 & 0xffff];
    const uint64_t c = pairs[eight >> 32 & 0xffff], d = pairs[eight >> 48];
    const uint64_t decoded = __builtin_bswap64(a << 52 | b << 40 | c << 28 | d << 16);
    memcpy(out, &decoded, sizeof decoded);
    return ((a | b | c | d) & NOT_IN_ALPHABET) == 0;
}

static size_t decode_run(const uint8_t *text, size_t size, uint8_t *out) {
#if RV_HAS_VECTOR_PATHS
    const vector_path path = chosen_path();
    if (path == PATH_AVX512) return base64_run_avx512(text, size, out);
    if (path == PATH_AVX2) return base64_run_avx2(text, size, out);
#endif
    (void)text, (void)size, (void)out;
    return 0;
}

/*
 * Whole groups, up to the one with a character that is none of the alphabet; returns how many groups. What no vector
 * takes goes two at a time while one more follows, which leaves room for the two bytes. What is written of a group that
 * does not count is overwritten.
 */
static size_t decode_groups(const uint8_t *text, size_t size, uint8_t *out) {
    const size_t groups = size / 4;
    size_t i = decode_run(text, size, out);
    while (i + 3 <= groups && decode_eight(text + 4 * i, out + 3 * i)) i += 2;
    while (i < groups && decode_four(text + 4 * i, out + 3 * i)) i++;
    return i;
}

/* Of the group under way: its bits, the number of its characters, and the '=' seen since the last of them. */
typedef struct {
    uint32_t bits;
    unsigned characters, pads;
} partial_group;

/* The end of the text, or of what counts of it: 0 or 2 to 3 characters of a last group. */
static size_t store_partial(const partial_group *partial, uint8_t *out) {
    const uint32_t bits = partial->bits << (24 - 6 * partial->characters);
    const size_t size = partial->characters > 1 ? partial->characters - 1 : 0;
    for (size_t i = 0; i < size; i++) out[i] = (uint8_t)(bits >> (16 - 8 * i));
    return size;
}

static int check_end(const partial_group *partial, size_t decoded, error_sink *error) {
    if (partial->characters == 1) {
        return fail(error,
                    "Invalid base64-encoded string: number of data characters (%zu) cannot be 1 more than a multiple "
                    "of 4",
                    decoded / 3 * 4 + 1);
    }
    return partial->characters == 0 ? EVI_SUCCESS : fail(error, "Incorrect padding");
}

/*
 * CPython's rules (Modules/binascii.c, a2b_base64, not strict), a group at a time wherever one is whole. The first
 * `groups` groups are decoded already.
 */
static int decode_leniently(const uint8_t *text, size_t size, size_t groups, uint8_t *out, size_t *out_size,
                            error_sink *error) {
    partial_group partial = {0};
    size_t decoded = 3 * groups, at = 4 * groups;
    while (at < size) {
        if (partial.characters == 0) {
            const size_t more = decode_groups(text + at, size - at, out + decoded);
            at += 4 * more, decoded += 3 * more;
            if (at == size) break;
        }
        const uint8_t character = text[at++];
        const uint32_t value = singles[character];
        if (character == '=' && partial.characters >= 2 && partial.characters + ++partial.pads >= 4) {
            *out_size = decoded + store_partial(&partial, out + decoded);
            return EVI_SUCCESS;
        }
        if (value & NOT_IN_ALPHABET) continue;
        partial.bits = partial.bits << 6 | value;
        partial.pads = 0;
        if (++partial.characters < 4) continue;
        store_three(out + decoded, partial.bits);
        decoded += 3;
        partial = (partial_group){0};
    }
    *out_size = decoded;
    return check_end(&partial, decoded, error);
}

int base64_decode(const uint8_t *text, size_t text_size, uint8_t *out, size_t *out_size, error_sink *error) {
    *out_size = 0;
    pthread_once(&tables_built, build_tables);
    /* As a rule that is all of the text, and what it decodes is ASCII: no second pass over it. */
    const size_t groups = decode_groups(text, text_size, out);
    if (!all_ascii(text + 4 * groups, text_size - 4 * groups)) {
        return fail(error, "string argument should contain only ASCII characters");
    }
    return decode_leniently(text, text_size, groups, out, out_size, error);
}
