#include "search_result.h"

#include <string.h>

#include "envector.h"
#include "modulus.h"
#include "vector_path.h"

enum { AT_TAG = 0, AT_TOTAL = 1, AT_LEVEL = 5, AT_N = 9, AT_DIM = 17, AT_DEGREE = 25 };

static uint64_t read_u64(const uint8_t *bytes) {
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

static uint32_t read_u32(const uint8_t *bytes) {
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

/* Ciphertexts are public, so only the loop is branch-free, for speed: the compiler makes it vector code. */
__attribute__((always_inline)) static inline int all_below_q_inline(const uint8_t *coefficients, size_t count) {
    uint64_t over = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t value = read_u64(coefficients + 8 * i);
        over |= value | (PRIME_Q - 1 - value); /* the top bit of either is set for a value of Q or more */
    }
    return over >> 63 == 0;
}

#if RV_HAS_VECTOR_PATHS
/* The same loop for longer vectors; longer ones still gain nothing, as it waits for memory. */
static USES_AVX2 int all_below_q_avx2(const uint8_t *coefficients, size_t count) {
    return all_below_q_inline(coefficients, count);
}
#endif

static int all_below_q(const uint8_t *coefficients, size_t count) {
#if RV_HAS_VECTOR_PATHS
    if (chosen_path() != PATH_PORTABLE) return all_below_q_avx2(coefficients, count);
#endif
    return all_below_q_inline(coefficients, count);
}

static int check_header(const uint8_t *data, size_t size, error_sink *error) {
    if (size < SEARCH_RESULT_HEADER_SIZE) {
        return fail(error, "search result: %zu bytes are too short for the header", size);
    }
    if (data[AT_TAG] != 0) return fail(error, "search result: unknown tag");
    if (read_u32(data + AT_LEVEL) != 0) return fail(error, "search result: level is not 0");
    if (read_u64(data + AT_N) == 0) return fail(error, "search result: n is 0");
    if (read_u64(data + AT_DEGREE) != DEGREE) return fail(error, "search result: degree is not %d", DEGREE);
    return EVI_SUCCESS;
}

int search_result_check(const uint8_t *data, size_t size, search_result_view *out, error_sink *error) {
    if (check_header(data, size, error) != EVI_SUCCESS) return EVI_FAILURE;
    const uint64_t n = read_u64(data + AT_N);
    const uint64_t groups = n / DEGREE + (n % DEGREE != 0); /* n + 4095 could overflow */
    const size_t body = size - SEARCH_RESULT_HEADER_SIZE;
    /* Compared by division: groups comes from the sender, and a product with it could overflow. */
    if (body % (2 * POLYNOMIAL_BYTES) != 0 || body / (2 * POLYNOMIAL_BYTES) != groups) {
        return fail(error, "search result: length %zu does not match n", size);
    }
    const uint8_t *coefficients = data + SEARCH_RESULT_HEADER_SIZE;
    if (!all_below_q(coefficients, body / 8)) return fail(error, "search result: a coefficient is not below Q");
    *out = (search_result_view){
        .total_count = read_u32(data + AT_TOTAL),
        .n = n,
        .groups = (size_t)groups,
        .a = coefficients,
        .b = coefficients + body / 2,
    };
    return EVI_SUCCESS;
}

void search_result_write_header(uint8_t *header, uint32_t n, uint64_t dim) {
    const uint64_t wide_n = n, degree = DEGREE;
    memset(header, 0, SEARCH_RESULT_HEADER_SIZE);
    memcpy(header + AT_TOTAL, &n, sizeof n);
    memcpy(header + AT_N, &wide_n, sizeof wide_n);
    memcpy(header + AT_DIM, &dim, sizeof dim);
    memcpy(header + AT_DEGREE, &degree, sizeof degree);
}

uint64_t search_result_item_count(const search_result_view *result) {
    return result->total_count != 0 ? result->total_count : result->n;
}

size_t search_result_rows(const search_result_view *result) {
    const uint64_t count = search_result_item_count(result), coefficients = (uint64_t)result->groups * DEGREE;
    return (size_t)(count < coefficients ? count : coefficients);
}
