/* Writing key files: each is complete and on disk, or not there. */
#ifndef RV_KEY_FILES_H
#define RV_KEY_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* False, with a text, if the open directory holds anything. `path` is for the text. */
bool directory_is_empty(int directory, const char *path, error_sink *error);

/* Mode 0600, never over an existing file or through a link. On failure nothing of it stays. */
int write_key_file(int directory, const char *name, const uint8_t *bytes, size_t size, error_sink *error);

#endif
