/* The protobuf wire format, read field by field over a buffer that stays where it is. */
#ifndef RV_PROTOBUF_H
#define RV_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    const uint8_t *at, *end;
} wire_reader;

typedef enum { WIRE_VARINT = 0, WIRE_64_BIT = 1, WIRE_BYTES = 2, WIRE_32_BIT = 5 } wire_type;

typedef struct {
    uint32_t number;
    wire_type type;
    uint64_t value; /* of WIRE_VARINT */
    wire_reader bytes; /* of WIRE_BYTES */
} wire_field;

typedef enum { READ_FIELD, READ_END, READ_ERROR } read_outcome;

/*
 * Refused: a truncated field, field number 0, a tag above 32 bits or 5 bytes, a varint above 10 bytes, a length above
 * what is left, and groups (deprecated; no peer sends them, and they nest).
 */
read_outcome wire_read_field(wire_reader *reader, wire_field *field);

/* False if it is truncated or longer than 10 bytes; bits above 64 are dropped, as protobuf does. */
bool wire_read_varint(wire_reader *reader, uint64_t *value);

static inline bool wire_at_end(const wire_reader *reader) {
    return reader->at == reader->end;
}

/* What a protobuf parser demands of a `string` field. */
bool wire_is_utf8(wire_reader bytes);

#endif
