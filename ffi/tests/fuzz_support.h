/* What the fuzz targets share. */
#ifndef RV_FUZZ_SUPPORT_H
#define RV_FUZZ_SUPPORT_H

#include "support.h"

/*
 * A polynomial is 32 KiB, too much for a fuzzer to find its way through. So an input is short, and each of these marks
 * in it, with the byte that follows, stands for the two polynomials of a group, every coefficient of which is that
 * byte.
 */
enum { MARK_SIZE = 3 };
extern const uint8_t GROUP_MARK[MARK_SIZE];

/* At most this many marks count, so that no input takes long. */
enum { MOST_GROUPS = 2 };

/* The input with its marks replaced, in memory of exactly its size: the sanitizer then sees any byte read too many. */
buffer expand_groups(const uint8_t *input, size_t size);

/* libFuzzer calls this; 0 unless the input must not enter the corpus. */
int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

#endif
