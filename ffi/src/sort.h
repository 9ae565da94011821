/* Sorting of secrets. */
#ifndef RV_SORT_H
#define RV_SORT_H

#include "modulus.h"

/* Ascending. A fixed network: which places are compared, and in what order, never depends on the words. */
void sort_words(uint64_t words[DEGREE]);

#endif
