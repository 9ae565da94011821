/* Loading a secret key from its file. */
#include "envector.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "secret.h"
#include "secure_memory.h"

/* What holds key bytes on the way from the file to the transformed key; one byte more shows a file that is too long. */
typedef struct {
    uint8_t payload[SECRET_PAYLOAD_SIZE + 1];
    uint8_t codes[DEGREE];
} loading_scratch;

static int ends_in_bin(const char *path) {
    size_t length = strlen(path);
    return length >= 4 && strcmp(path + length - 4, ".bin") == 0;
}

/* Bytes read, at most `size`, or -1 with errno. Plain read(): stdio would leave a copy in a buffer of its own. */
static ssize_t read_up_to(int file, uint8_t *bytes, size_t size) {
    size_t done = 0;
    while (done < size) {
        ssize_t count = read(file, bytes + done, size - done);
        if (count == 0) break;
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return -1;
        done += (size_t)count;
    }
    return (ssize_t)done;
}

/* Opens, reads and closes; `*size` is the number of bytes read. */
static int read_payload(const char *path, loading_scratch *scratch, size_t *size, error_sink *error) {
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (file < 0) return fail(error, "secret key \"%s\": cannot open: %s", path, strerror(errno));
    ssize_t count = read_up_to(file, scratch->payload, sizeof scratch->payload);
    int reason = errno;
    close(file);
    if (count < 0) return fail(error, "secret key \"%s\": cannot read: %s", path, strerror(reason));
    *size = (size_t)count;
    return EVI_SUCCESS;
}

static int load(const char *path, loading_scratch *scratch, evi_secret_key_t *key, error_sink *error) {
    size_t size = 0;
    char text[128];
    error_sink check = {.text = text, .size = sizeof text};
    if (read_payload(path, scratch, &size, error) != EVI_SUCCESS) return EVI_FAILURE;
    if (secret_unpack(scratch->payload, size, scratch->codes, &check) != EVI_SUCCESS) {
        return fail(error, "secret key \"%s\": %s", path, text);
    }
    secret_transform(scratch->codes, modulus_q(), key);
    return EVI_SUCCESS;
}

evi_status_t evi_secret_key_create_from_path(const char *path, evi_secret_key_t **out) {
    error_sink *error = last_error();
    if (out != NULL) *out = NULL;
    if (path == NULL || out == NULL) return fail(error, "secret key: NULL argument");
    if (!ends_in_bin(path)) return fail(error, "secret key \"%s\": the path does not end in .bin", path);
    evi_secret_key_t *key = secure_alloc(sizeof *key, MUST_LOCK, error);
    loading_scratch *scratch = key == NULL ? NULL : secure_alloc(sizeof *scratch, MUST_LOCK, error);
    int status = scratch == NULL ? EVI_FAILURE : load(path, scratch, key, error);
    secure_free(scratch, sizeof *scratch);
    if (status == EVI_SUCCESS) {
        *out = key;
    } else {
        evi_secret_key_destroy(key);
    }
    return status;
}

void evi_secret_key_destroy(evi_secret_key_t *key) {
    secure_free(key, sizeof *key);
}
