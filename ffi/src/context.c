#include "context.h"

#include <stdlib.h>

#include "envector.h"
#include "error.h"
#include "modulus.h"

enum { SMALLEST_DIM = 32, LARGEST_DIM = DEGREE, SMALLEST_PAD_RANK = 32 };

/* max(32, 2^floor(log2(dim) / 2)), the logarithm halved and rounded down. */
static uint32_t pad_rank_of(uint64_t dim) {
    unsigned log2_dim = 0;
    while (dim >> (log2_dim + 1) > 0) log2_dim++;
    uint32_t rank = 1u << (log2_dim / 2);
    return rank < SMALLEST_PAD_RANK ? SMALLEST_PAD_RANK : rank;
}

row_layout layout_of(uint32_t pad_rank) {
    return (row_layout){.pad_rank = pad_rank, .items = DEGREE / pad_rank};
}

static int check_parameters(int preset, int device, uint64_t dim, int eval_mode, error_sink *error) {
    if (preset == EVI_PRESET_IP1) return fail(error, "preset IP1 is not supported: only IP0 is");
    if (preset != EVI_PRESET_IP0) return fail(error, "preset %d is not supported: only IP0 is", preset);
    if (device != EVI_DEVICE_CPU) return fail(error, "device %d is not supported: only the CPU (0) is", device);
    if (dim < SMALLEST_DIM || dim > LARGEST_DIM) {
        return fail(error, "dim %llu is not between %d and %d", (unsigned long long)dim, SMALLEST_DIM, LARGEST_DIM);
    }
    if (eval_mode == EVI_EVAL_MODE_MM) return fail(error, "evaluation mode MM is not supported: only RMP is");
    if (eval_mode == EVI_EVAL_MODE_FLAT) return fail(error, "evaluation mode FLAT is not supported: only RMP is");
    if (eval_mode != EVI_EVAL_MODE_RMP) {
        return fail(error, "evaluation mode %d is not supported: only RMP is", eval_mode);
    }
    return EVI_SUCCESS;
}

evi_status_t evi_context_create(int preset, int device, uint64_t dim, int eval_mode, const int32_t *device_id,
                                evi_context_t **out) {
    (void)device_id; /* names one of several GPUs */
    error_sink *error = last_error();
    if (out == NULL) return fail(error, "context: NULL argument");
    *out = NULL;
    if (check_parameters(preset, device, dim, eval_mode, error) != EVI_SUCCESS) return EVI_FAILURE;
    evi_context_t *context = malloc(sizeof *context);
    if (context == NULL) return fail_out_of_memory(error);
    *context = (evi_context_t){.dim = dim, .pad_rank = pad_rank_of(dim)};
    *out = context;
    return EVI_SUCCESS;
}

uint32_t evi_context_get_pad_rank(const evi_context_t *context) {
    return context == NULL ? 0 : context->pad_rank;
}

void evi_context_destroy(evi_context_t *context) {
    free(context);
}
