#include "fuzz_support.h"

#include <stdlib.h>
#include <string.h>

const uint8_t GROUP_MARK[MARK_SIZE] = {0xf5, 0xf6, 0xf7};

static void append_group(buffer *out, uint8_t coefficient) {
    const size_t start = out->size;
    append_zeros(out, GROUP_BYTES);
    for (size_t i = 0; i < GROUP_BYTES; i += 8) out->bytes[start + i] = coefficient;
}

buffer expand_groups(const uint8_t *input, size_t size) {
    buffer out = {0};
    int groups = 0;
    for (size_t i = 0; i < size; i++) {
        if (size - i > MARK_SIZE && groups < MOST_GROUPS && memcmp(input + i, GROUP_MARK, MARK_SIZE) == 0) {
            append_group(&out, input[i + MARK_SIZE]);
            i += MARK_SIZE;
            groups++;
        } else {
            append_byte(&out, input[i]);
        }
    }
    uint8_t *exact = malloc(out.size);
    if (exact == NULL) STOP("out of memory");
    if (out.size > 0) memcpy(exact, out.bytes, out.size);
    free(out.bytes);
    return (buffer){.bytes = exact, .size = out.size, .room = out.size};
}
