#include "base64_vector.h"

#if RV_HAS_VECTOR_PATHS
#include <immintrin.h>

/*
 * A step reads 32 characters and writes 32 bytes, of which 24 count. With 44 characters left, the room left is at least
 * 44 / 4 * 3 = 33 bytes.
 */
enum { STEP_CHARACTERS = 32, STEP_NEEDS = 44 };

static inline USES_AVX2 __m256i sixteen(const int8_t entries[16]) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i_u *)entries));
}

/*
 * The alphabet by the high half of a character: one bit for each set of low halves that may go with it (2: B and F,
 * for "+/"; 3: 0 to 9; 4 and 6: 1 to F; 5 and 7: 0 to A), and one for the high halves with no character at all.
 */
enum { SIGN = 1, DIGIT = 2, EARLY = 4, LATE = 8, NONE = 16 };
static const int8_t SET_OF_HIGH[16] = {NONE, NONE, SIGN, DIGIT, EARLY, LATE, EARLY, LATE,
                                       NONE, NONE, NONE, NONE,  NONE,  NONE, NONE,  NONE};

/* By the low half, the sets that it does not belong to. */
enum { SIGN_NONE = SIGN | NONE, MIDDLE = SIGN | DIGIT | NONE, TOP = SIGN | DIGIT | LATE | NONE };
static const int8_t NOT_IN_SETS[16] = {
    SIGN_NONE | EARLY, SIGN_NONE, SIGN_NONE, SIGN_NONE,           SIGN_NONE, SIGN_NONE, SIGN_NONE, SIGN_NONE,
    SIGN_NONE,         SIGN_NONE, MIDDLE,    DIGIT | LATE | NONE, TOP,       TOP,       TOP,       DIGIT | LATE | NONE,
};

/* By the high half, what takes a character to its six bits; '/' has entry 1 for itself, as '+' is in its row. */
static const int8_t OFFSETS[16] = {0, 63 - '/', 62 - '+', 52 - '0', -'A', -'A', 26 - 'a', 26 - 'a'};

static inline USES_AVX2 __m256i high_halves(__m256i characters) {
    return _mm256_and_si256(_mm256_srli_epi16(characters, 4), _mm256_set1_epi8(15));
}

static inline USES_AVX2 int all_in_alphabet(__m256i characters) {
    const __m256i low = _mm256_and_si256(characters, _mm256_set1_epi8(15));
    const __m256i set = _mm256_shuffle_epi8(sixteen(SET_OF_HIGH), high_halves(characters));
    return _mm256_testz_si256(set, _mm256_shuffle_epi8(sixteen(NOT_IN_SETS), low));
}

static inline USES_AVX2 __m256i values_of(__m256i characters) {
    const __m256i slash = _mm256_cmpeq_epi8(characters, _mm256_set1_epi8('/')); /* -1 there */
    const __m256i row = _mm256_add_epi8(high_halves(characters), slash);
    return _mm256_add_epi8(characters, _mm256_shuffle_epi8(sixteen(OFFSETS), row));
}

/*
 * Four values a, b, c, d of six bits become a << 18 | b << 12 | c << 6 | d: first a * 64 + b and c * 64 + d, below
 * 2^12, then the former * 2^12 + the latter, below 2^24. Neither sum saturates its signed 16 or 32 bits. Of each four
 * bytes, the three lower ones count, in the order opposite to the machine's; 12 of each half, then 24 in a row.
 */
static inline USES_AVX2 __m256i packed(__m256i values) {
    const __m256i order = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1));
    const __m256i pairs = _mm256_maddubs_epi16(values, _mm256_set1_epi32(0x01400140));
    const __m256i joined = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00011000));
    return _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(joined, order), _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7));
}

USES_AVX2 size_t base64_run_avx2(const uint8_t *text, size_t size, uint8_t *out) {
    size_t at = 0;
    for (; size - at >= STEP_NEEDS; at += STEP_CHARACTERS) {
        const __m256i characters = _mm256_loadu_si256((const __m256i_u *)(text + at));
        if (!all_in_alphabet(characters)) break;
        _mm256_storeu_si256((__m256i_u *)(out + at / 4 * 3), packed(values_of(characters)));
    }
    return at / 4;
}
#endif
