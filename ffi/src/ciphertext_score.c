#include "ciphertext_score.h"

#include "envector.h"

enum { FIELD_ID = 1, FIELD_SHARD_IDX = 2, FIELD_CTXT_SCORE = 3, FIELD_DATA = 2 };

/* protobuf refuses messages of 2 GiB and more. It also keeps every count and row index below within an int32. */
static const size_t LARGEST_MESSAGE = INT32_MAX;

/* A known field of another wire type is an unknown field to protobuf, and skipped like one. */
static bool is(const wire_field *field, uint32_t number, wire_type type) {
    return field->number == number && field->type == type;
}

static bool count_packed(wire_reader packed, size_t *count) {
    uint64_t ignored;
    for (; !wire_at_end(&packed); (*count)++) {
        if (!wire_read_varint(&packed, &ignored)) return false;
    }
    return true;
}

/* HEaaNCiphertext; of a repeated `data` the last one holds, as for any field that is not repeated. */
static bool read_ciphertext(wire_reader message, wire_reader *data) {
    wire_field field;
    read_outcome outcome;
    *data = (wire_reader){message.end, message.end};
    while ((outcome = wire_read_field(&message, &field)) == READ_FIELD) {
        if (is(&field, FIELD_DATA, WIRE_BYTES)) *data = field.bytes;
    }
    return outcome == READ_END;
}

static bool check_and_count(const wire_field *field, ciphertext_score *score) {
    wire_reader ignored;
    if (is(field, FIELD_ID, WIRE_BYTES)) return wire_is_utf8(field->bytes);
    if (is(field, FIELD_SHARD_IDX, WIRE_BYTES)) return count_packed(field->bytes, &score->shard_count);
    if (is(field, FIELD_SHARD_IDX, WIRE_VARINT)) score->shard_count++;
    if (!is(field, FIELD_CTXT_SCORE, WIRE_BYTES)) return true;
    score->ciphertext_count++;
    return read_ciphertext(field->bytes, &ignored);
}

int ciphertext_score_parse(const uint8_t *bytes, size_t size, ciphertext_score *out, error_sink *error) {
    *out = (ciphertext_score){.message = {bytes, bytes + size}};
    wire_reader reader = out->message;
    wire_field field;
    read_outcome outcome = size > LARGEST_MESSAGE ? READ_ERROR : READ_FIELD;
    while (outcome == READ_FIELD) {
        outcome = wire_read_field(&reader, &field);
        if (outcome == READ_FIELD && !check_and_count(&field, out)) outcome = READ_ERROR;
    }
    if (outcome == READ_END) return EVI_SUCCESS;
    return fail(error, "Deserialization failed: Error parsing message with type 'ES2.CiphertextScore'");
}

score_cursor ciphertext_score_begin(const ciphertext_score *score) {
    return (score_cursor){.message = score->message, .packed = {score->message.end, score->message.end}};
}

bool next_shard_idx(score_cursor *cursor, uint64_t *shard_idx) {
    wire_field field;
    while (wire_at_end(&cursor->packed)) {
        if (wire_read_field(&cursor->message, &field) != READ_FIELD) return false;
        if (is(&field, FIELD_SHARD_IDX, WIRE_BYTES)) cursor->packed = field.bytes;
        if (!is(&field, FIELD_SHARD_IDX, WIRE_VARINT)) continue;
        *shard_idx = field.value;
        return true;
    }
    return wire_read_varint(&cursor->packed, shard_idx);
}

bool next_ciphertext(score_cursor *cursor, wire_reader *data) {
    wire_field field;
    while (wire_read_field(&cursor->message, &field) == READ_FIELD) {
        if (is(&field, FIELD_CTXT_SCORE, WIRE_BYTES)) return read_ciphertext(field.bytes, data);
    }
    return false;
}
