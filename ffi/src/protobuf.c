#include "protobuf.h"

enum { LONGEST_TAG = 5, LONGEST_VARINT = 10 };

static size_t bytes_left(const wire_reader *reader) {
    return (size_t)(reader->end - reader->at);
}

/* Reads at most `longest` bytes. */
static bool read_limited_varint(wire_reader *reader, int longest, uint64_t *value) {
    *value = 0;
    for (int i = 0; i < longest; i++) {
        if (wire_at_end(reader)) return false;
        const uint8_t byte = *reader->at++;
        *value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) return true;
    }
    return false;
}

bool wire_read_varint(wire_reader *reader, uint64_t *value) {
    return read_limited_varint(reader, LONGEST_VARINT, value);
}

/* Compared with what is left, never added to a pointer before that: the length comes from the sender. */
static bool skip(wire_reader *reader, uint64_t size) {
    if (size > bytes_left(reader)) return false;
    reader->at += size;
    return true;
}

static bool read_bytes(wire_reader *reader, wire_reader *bytes) {
    uint64_t size;
    if (!read_limited_varint(reader, LONGEST_TAG, &size)) return false;
    bytes->at = reader->at;
    if (!skip(reader, size)) return false;
    bytes->end = reader->at;
    return true;
}

static bool read_value(wire_reader *reader, wire_field *field) {
    switch (field->type) {
        case WIRE_VARINT:
            return wire_read_varint(reader, &field->value);
        case WIRE_64_BIT:
            return skip(reader, 8);
        case WIRE_BYTES:
            return read_bytes(reader, &field->bytes);
        case WIRE_32_BIT:
            return skip(reader, 4);
    }
    return false; /* groups (3, 4) and the types that do not exist (6, 7) */
}

read_outcome wire_read_field(wire_reader *reader, wire_field *field) {
    if (wire_at_end(reader)) return READ_END;
    uint64_t tag;
    if (!read_limited_varint(reader, LONGEST_TAG, &tag) || tag > UINT32_MAX) return READ_ERROR;
    *field = (wire_field){.number = (uint32_t)(tag >> 3), .type = (wire_type)(tag & 7)};
    return field->number != 0 && read_value(reader, field) ? READ_FIELD : READ_ERROR;
}

/* Bytes that follow a first byte, or -1: continuation bytes, overlong C0 and C1, and F5 onwards start nothing. */
static int continuation_count(uint8_t first) {
    if (first < 0x80) return 0;
    if (first < 0xc2 || first > 0xf4) return -1;
    return first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
}

/* The second byte also decides about overlong forms, surrogates and code points above 10FFFF. */
static bool second_byte_fits(uint8_t first, uint8_t second) {
    const uint8_t lowest = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const uint8_t highest = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    return second >= lowest && second <= highest;
}

bool wire_is_utf8(wire_reader bytes) {
    while (!wire_at_end(&bytes)) {
        const uint8_t first = *bytes.at++;
        const int count = continuation_count(first);
        if (count < 0 || (size_t)count > bytes_left(&bytes)) return false;
        if (count > 0 && !second_byte_fits(first, bytes.at[0])) return false;
        for (int i = 1; i < count; i++) {
            if ((bytes.at[i] & 0xc0) != 0x80) return false;
        }
        bytes.at += count;
    }
    return true;
}
