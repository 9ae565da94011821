/*
 * Secure memory that calls hand on to each other: mapping, locking and first touching of pages take longer than one
 * decryption. A block is wiped before it is handed on. A forked child has neither the blocks nor any key.
 */
#ifndef RV_SCRATCH_POOL_H
#define RV_SCRATCH_POOL_H

#include "error.h"

enum { SCRATCH_BLOCK_SIZE = 48 * 1024 };

/* A zero-filled block; NULL, with a text, when there is no memory. */
void *scratch_take(error_sink *error);

/* Wipes the block; NULL is harmless. */
void scratch_give(void *block);

#endif
