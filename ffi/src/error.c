#include "error.h"

#include <stdarg.h>
#include <stdio.h>

#include "envector.h"

static _Thread_local char last_text[ERROR_TEXT_SIZE];
static _Thread_local error_sink last_sink;

int fail(error_sink *error, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (error != NULL && error->text != NULL && error->size > 0) {
        vsnprintf(error->text, error->size, format, arguments);
    }
    va_end(arguments);
    return EVI_FAILURE;
}

int fail_out_of_memory(error_sink *error) {
    return fail(error, "out of memory");
}

error_sink *last_error(void) {
    last_sink = (error_sink){.text = last_text, .size = sizeof last_text};
    return &last_sink;
}

const char *evi_last_error_message(void) {
    return last_text;
}
