/* What the C test programs share: checks that stop, files, and a writer of messages. */
#ifndef RV_TEST_SUPPORT_H
#define RV_TEST_SUPPORT_H

#include <stddef.h>
#include <stdint.h>

/* Prints the reason and the place, and ends the program with status 1. */
__attribute__((noreturn, format(printf, 3, 4))) void stop_at(const char *file, int line, const char *format, ...);
#define STOP(...) stop_at(__FILE__, __LINE__, __VA_ARGS__)
#define CHECK(condition) ((condition) ? (void)0 : STOP("not true: %s", #condition))
/* For a status of the interface: shows its text. */
#define OK(status) ((status) == 0 ? (void)0 : STOP("%s: %s", #status, evi_last_error_message()))

/* Checks both that it failed and its text. */
#define REFUSES(status, text) \
    ((status) != 0 ? expect_text(evi_last_error_message(), text) : STOP("accepted: %s", #status))
void expect_text(const char *got, const char *want);

/* A growing row of bytes; free(buffer.bytes). */
typedef struct {
    uint8_t *bytes;
    size_t size, room;
} buffer;

void append(buffer *out, const void *bytes, size_t size);
void append_zeros(buffer *out, size_t size);
void append_byte(buffer *out, uint8_t byte);
void append_varint(buffer *out, uint64_t value);
void append_tag(buffer *out, uint32_t number, uint32_t wire_type);
void append_field(buffer *out, uint32_t number, const void *bytes, size_t size);
buffer read_file(const char *path);
buffer base64_of(const uint8_t *bytes, size_t size);

enum { GROUP_BYTES = 2 * 32768, HEADER_BYTES = 33 };

/* A well-formed search result of zero polynomials. */
buffer zero_result(uint32_t total_count, uint64_t n, size_t groups);

/* An HEaaNCiphertext with this data as a field of CiphertextScore. */
void append_ciphertext(buffer *message, const buffer *data);

#endif
