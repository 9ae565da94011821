/* The parser of a SecKey payload on any bytes: what it accepts must pack to the same bytes again. */
#include <stdlib.h>
#include <string.h>

#include "fuzz_support.h"
#include "secret.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
    uint8_t codes[DEGREE], packed[SECRET_PAYLOAD_SIZE];
    char text[128] = "";
    error_sink error = {.text = text, .size = sizeof text};
    uint8_t *payload = malloc(size); /* of exactly this size, for the sanitizer */
    if (size > 0) memcpy(payload, input, size);
    const int status = secret_unpack(payload, size, codes, &error);
    CHECK((status == 0) == (text[0] == '\0'));
    if (status == 0) {
        secret_pack(codes, packed);
        CHECK(size == SECRET_PAYLOAD_SIZE && memcmp(packed, payload, size) == 0);
    }
    free(payload);
    return 0;
}
