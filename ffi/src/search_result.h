/* One search result, checked as a whole before anything of it is used (contract fhe.md, section 3). */
#ifndef RV_SEARCH_RESULT_H
#define RV_SEARCH_RESULT_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

enum { SEARCH_RESULT_HEADER_SIZE = 33 };

/* A view into bytes that the caller keeps; they may start at any address. */
typedef struct {
    uint32_t total_count;
    uint64_t n;
    /* ceil(n / 4096); at most the size of the bytes / 65,536. */
    size_t groups;
    const uint8_t *a, *b;
} search_result_view;

/* Texts name the field and quote no bytes. */
int search_result_check(const uint8_t *data, size_t size, search_result_view *out, error_sink *error);

/* Writes the 33 bytes in front of the polynomials. */
void search_result_write_header(uint8_t *header, uint32_t n, uint64_t dim);

/* The total item count, or n where that is 0. */
uint64_t search_result_item_count(const search_result_view *result);

/* How many of its scores count: the item count, but never more than there are coefficients. */
size_t search_result_rows(const search_result_view *result);

#endif
