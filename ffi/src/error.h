/* Where a failure's text goes: a buffer of the caller, or the thread-local one behind evi_last_error_message(). */
#ifndef RV_ERROR_H
#define RV_ERROR_H

#include <stddef.h>

/* Holds the longest path (4,096 bytes) and a sentence around it. */
enum { ERROR_TEXT_SIZE = 4352 };

typedef struct {
    char *text;
    size_t size;
} error_sink;

/*
 * Writes the text, cut to the sink, and returns EVI_FAILURE, so that a check reads `return fail(error, "...")`.
 * Arguments are names, paths, counts and sizes; never key bytes, never what a client sent.
 */
__attribute__((format(printf, 2, 3))) int fail(error_sink *error, const char *format, ...);

int fail_out_of_memory(error_sink *error);

/* The sink of the calling thread. */
error_sink *last_error(void);

#endif
