#include "base64_vector.h"

#if RV_HAS_VECTOR_PATHS
#include <immintrin.h>
#include <pthread.h>

/*
 * A step reads 64 characters and writes 64 bytes, of which 48 count. With 88 characters left, the room left is at least
 * 88 / 4 * 3 = 66 bytes.
 */
enum { STEP_CHARACTERS = 64, STEP_BYTES = 48, STEP_NEEDS = 88, OUTSIDE = 0x80 };

/* The six bits of characters 0 to 127, OUTSIDE for those that are none of the alphabet: two registers. */
static uint8_t values_of[128];
/* Of each four bytes, the three lower ones in the order of the text, which is the opposite of the machine's. */
static uint8_t order_of[STEP_CHARACTERS];
static pthread_once_t tables_built = PTHREAD_ONCE_INIT;

static void build_tables(void) {
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (unsigned i = 0; i < sizeof values_of; i++) values_of[i] = OUTSIDE;
    for (unsigned i = 0; i < 64; i++) values_of[(uint8_t)alphabet[i]] = (uint8_t)i;
    for (unsigned i = 0; i < STEP_BYTES; i++) order_of[i] = (uint8_t)(i / 3 * 4 + 2 - i % 3);
}

/*
 * Four values a, b, c, d of six bits become a << 18 | b << 12 | c << 6 | d: first a * 64 + b and c * 64 + d, below
 * 2^12, then the former * 2^12 + the latter, below 2^24. Neither sum saturates its signed 16 or 32 bits.
 */
static inline USES_AVX512 __m512i joined(__m512i values) {
    const __m512i pairs = _mm512_maddubs_epi16(values, _mm512_set1_epi32(0x01400140));
    return _mm512_madd_epi16(pairs, _mm512_set1_epi32(0x00011000));
}

USES_AVX512 size_t base64_run_avx512(const uint8_t *text, size_t size, uint8_t *out) {
    if (size < STEP_NEEDS) return 0;
    pthread_once(&tables_built, build_tables);
    const __m512i low = _mm512_loadu_si512(values_of), high = _mm512_loadu_si512(values_of + 64);
    const __m512i order = _mm512_loadu_si512(order_of);
    size_t at = 0;
    for (; size - at >= STEP_NEEDS; at += STEP_CHARACTERS) {
        const __m512i characters = _mm512_loadu_si512(text + at);
        /* The look-up takes the seven lower bits; the eighth of the character itself stands for what is not ASCII. */
        const __m512i values = _mm512_permutex2var_epi8(low, characters, high);
        if (_mm512_movepi8_mask(_mm512_or_si512(values, characters)) != 0) break;
        _mm512_storeu_si512(out + at / 4 * 3, _mm512_permutexvar_epi8(order, joined(values)));
    }
    return at / 4;
}
#endif
