/*
 * The decryption core under MemorySanitizer with a key that counts as uninitialised: every branch or address that
 * depends on a key bit is reported. Built with -DLEAKY=1 or 2, it does what must be reported: the proof that the test
 * can fail. Built with RV_FORCED_PATH, once for each vector path: the sanitizer of clang 14 gives the result of a vector
 * instruction that it has no rule for the unknown bits of all operands, which is enough, as all start out unknown.
 */
#include <sanitizer/msan_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "score_decryption.h"
#include "secure_memory.h"

#if LEAKY == 1
/* Centring as one would write it at first. */
static int leak(const decryption_scratch *scratch) {
    return scratch->phase[0] > PRIME_Q / 2 ? puts("negative") : 0;
}
#elif LEAKY == 2
/* A look-up at a place that the key decides. */
static int leak(const decryption_scratch *scratch) {
    static volatile int table[2] = {1, 2};
    return table[scratch->phase[0] & 1];
}
#else
static int leak(const decryption_scratch *scratch) {
    (void)scratch;
    return 0;
}
#endif

static void fill(uint8_t *polynomial, uint64_t step) {
    for (uint64_t i = 0; i < DEGREE; i++) {
        const uint64_t value = (i + 1) * step % PRIME_Q;
        memcpy(polynomial + 8 * i, &value, sizeof value);
    }
}

int main(void) {
    static uint8_t a[POLYNOMIAL_BYTES], b[POLYNOMIAL_BYTES], codes[DEGREE];
    static float scores[DEGREE];
    char text[128];
    error_sink error = {.text = text, .size = sizeof text};
    evi_secret_key_t *key = secure_alloc(sizeof *key, MUST_LOCK, &error);
    decryption_scratch *scratch = secure_alloc(sizeof *scratch, MAY_LOCK, &error);
    if (key == NULL || scratch == NULL) return 1;
    fill(a, UINT64_C(0x123456789abcd));
    fill(b, UINT64_C(0x3456789abcdef));
    modulus_q();
    /* From the codes on: making the transformed key from them is held to the same rule. */
    __msan_poison(codes, sizeof codes);
    secret_transform(codes, modulus_q(), key);
    /* The sanitizer follows bits, but not carries into higher ones: from here every bit counts as unknown again. */
    __msan_poison(key, sizeof *key);
    for (uint32_t pad_rank = 32; pad_rank <= 64; pad_rank *= 2) {
        const row_layout layout = {.pad_rank = pad_rank, .items = DEGREE / pad_rank};
        decrypt_group(key, a, b, layout, scratch, scores);
        if (__msan_test_shadow(scores, sizeof scores) != 0) return 1; /* known again: nothing was tested */
    }
    leak(scratch);
    secure_free(key, sizeof *key);
    secure_free(scratch, sizeof *scratch);
    puts("no leak");
    return 0;
}
