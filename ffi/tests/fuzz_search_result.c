/* evi_search_result_deserialize_from_string() on any bytes (with marks, see fuzz_support.h). */
#include <stdlib.h>
#include <string.h>

#include "envector.h"
#include "fuzz_support.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
    buffer data = expand_groups(input, size);
    evi_search_result_t *result = NULL;
    uint32_t count = 0;
    const int status = evi_search_result_deserialize_from_string((const char *)data.bytes, data.size, &result);
    CHECK((status == 0) == (result != NULL));
    if (status == 0) {
        CHECK(data.size > HEADER_BYTES && (data.size - HEADER_BYTES) % GROUP_BYTES == 0);
        CHECK(evi_search_result_get_item_count(result, &count) == 0 && count > 0);
    }
    evi_search_result_destroy(result);
    free(data.bytes);
    return 0;
}
