/*
 * base64_decode() for comparison with another implementation. Standard input: texts, each with its size as a
 * little-endian u32 before it. Standard output: a line each, the bytes in hexadecimal or the error's text.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base64.h"
#include "support.h"

int main(void) {
    uint32_t size;
    while (fread(&size, sizeof size, 1, stdin) == 1) {
        char failure[256];
        error_sink error = {.text = failure, .size = sizeof failure};
        /* Of exactly these sizes, for the sanitizer. */
        uint8_t *text = malloc(size), *out = malloc(base64_capacity(size));
        size_t out_size;
        CHECK(text != NULL && out != NULL && fread(text, 1, size, stdin) == size);
        if (base64_decode(text, size, out, &out_size, &error) != 0) {
            puts(failure);
        } else {
            for (size_t i = 0; i < out_size; i++) printf("%02x", out[i]);
            putchar('\n');
        }
        free(text);
        free(out);
    }
    return 0;
}
