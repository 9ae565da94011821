/* The parameters of one embedding dimension, and where a row of a score vector sits among the coefficients. */
#ifndef RV_CONTEXT_H
#define RV_CONTEXT_H

#include <stdint.h>

struct evi_context {
    uint64_t dim;
    uint32_t pad_rank;
};

/* Row j of a group is coefficient (j mod items) * pad_rank + floor(j / items). */
typedef struct {
    uint32_t pad_rank, items;
} row_layout;

row_layout layout_of(uint32_t pad_rank);

static inline uint32_t coefficient_of_row(row_layout layout, uint32_t row) {
    return row % layout.items * layout.pad_rank + row / layout.items;
}

#endif
