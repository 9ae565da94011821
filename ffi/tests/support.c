#include "support.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void stop_at(const char *file, int line, const char *format, ...) {
    va_list arguments;
    fprintf(stderr, "%s:%d: ", file, line);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

void expect_text(const char *got, const char *want) {
    if (strcmp(got, want) != 0) STOP("text is \"%s\", not \"%s\"", got, want);
}

void append(buffer *out, const void *bytes, size_t size) {
    if (size > out->room - out->size) {
        out->room = 2 * (out->room + size);
        out->bytes = realloc(out->bytes, out->room);
        if (out->bytes == NULL) STOP("out of memory");
    }
    if (size > 0 && bytes != NULL) memcpy(out->bytes + out->size, bytes, size);
    if (size > 0 && bytes == NULL) memset(out->bytes + out->size, 0, size);
    out->size += size;
}

void append_zeros(buffer *out, size_t size) {
    append(out, NULL, size);
}

void append_byte(buffer *out, uint8_t byte) {
    append(out, &byte, 1);
}

void append_varint(buffer *out, uint64_t value) {
    for (; value > 127; value >>= 7) append_byte(out, (uint8_t)(value | 128));
    append_byte(out, (uint8_t)value);
}

void append_tag(buffer *out, uint32_t number, uint32_t wire_type) {
    append_varint(out, (uint64_t)number << 3 | wire_type);
}

void append_field(buffer *out, uint32_t number, const void *bytes, size_t size) {
    append_tag(out, number, 2);
    append_varint(out, size);
    append(out, bytes, size);
}

buffer read_file(const char *path) {
    buffer out = {0};
    uint8_t chunk[65536];
    FILE *file = fopen(path, "rb");
    if (file == NULL) STOP("cannot open %s", path);
    for (size_t count; (count = fread(chunk, 1, sizeof chunk, file)) > 0;) append(&out, chunk, count);
    fclose(file);
    return out;
}

buffer base64_of(const uint8_t *bytes, size_t size) {
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    buffer out = {0};
    append_zeros(&out, (size + 2) / 3 * 4 + 1); /* and a NUL, which size does not count */
    out.size--;
    for (size_t i = 0; i < size; i += 3) {
        const size_t left = size - i;
        const uint32_t group =
            (uint32_t)bytes[i] << 16 | (uint32_t)(left > 1 ? bytes[i + 1] : 0) << 8 | (left > 2 ? bytes[i + 2] : 0);
        uint8_t *four = out.bytes + i / 3 * 4;
        for (size_t j = 0; j < 4; j++) four[j] = j > left ? '=' : (uint8_t)alphabet[group >> (18 - 6 * j) & 63];
    }
    return out;
}

buffer zero_result(uint32_t total_count, uint64_t n, size_t groups) {
    const uint64_t dim = 1024, degree = 4096;
    buffer out = {0};
    append_byte(&out, 0);
    append(&out, &total_count, 4);
    append_zeros(&out, 4);
    append(&out, &n, 8);
    append(&out, &dim, 8);
    append(&out, &degree, 8);
    append_zeros(&out, groups * GROUP_BYTES);
    return out;
}

void append_ciphertext(buffer *message, const buffer *data) {
    buffer inner = {0};
    append_tag(&inner, 1, 0);
    append_varint(&inner, 4096);
    append_field(&inner, 2, data->bytes, data->size);
    append_field(message, 3, inner.bytes, inner.size);
    free(inner.bytes);
}
