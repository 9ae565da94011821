/* The clean beginning of a base64 text, many characters at a time, on CPUs that can (vector_path.h). */
#ifndef RV_BASE64_VECTOR_H
#define RV_BASE64_VECTOR_H

#include <stddef.h>
#include <stdint.h>

#include "vector_path.h"

/*
 * Decodes whole groups of four characters of the alphabet and returns how many: a multiple of a vector, which ends
 * before the first other character and before the end of the text, so the caller goes on from there. `out` has
 * base64_capacity(size) bytes; what is written behind the groups that count is to be overwritten.
 *
 * The text is ciphertext and public; still no table in memory and no branch but for the end of the run depends on it.
 */
typedef size_t base64_run_function(const uint8_t *text, size_t size, uint8_t *out);
#if RV_HAS_VECTOR_PATHS
base64_run_function base64_run_avx2, base64_run_avx512;
#endif

#endif
