/* Base64 as Python's base64.b64decode reads it, which the first vault was written in (contract runevault.md, 1.8). */
#ifndef RV_BASE64_H
#define RV_BASE64_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* Bytes that a text of this size can decode to, at most. */
size_t base64_capacity(size_t text_size);

/*
 * Drops characters outside the alphabet and stops at the first complete padding group. `out` holds
 * base64_capacity(text_size) bytes, of which *out_size are filled.
 */
int base64_decode(const uint8_t *text, size_t text_size, uint8_t *out, size_t *out_size, error_sink *error);

#endif
