/*
 * Memory for key material and for what is as good as key material. Its pages are left out of core dumps and of forked
 * children, guarded by inaccessible pages on both sides, and zero-filled before they are given back.
 */
#ifndef RV_SECURE_MEMORY_H
#define RV_SECURE_MEMORY_H

#include <stddef.h>

#include "error.h"

typedef enum {
    /* Long-lived key material: refuses to exist where it could be swapped to disk. */
    MUST_LOCK,
    /* Scratch of one call: locked where the limit allows it. */
    MAY_LOCK,
} lock_policy;

/* Zero-filled and page-aligned; NULL, with a text, on failure. */
void *secure_alloc(size_t size, lock_policy policy, error_sink *error);

/* `size` is the size that was asked for; NULL is harmless. */
void secure_free(void *memory, size_t size);

/* A memset that no optimiser may leave out. */
void secure_wipe(void *memory, size_t size);

#endif
