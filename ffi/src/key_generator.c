/* The vendor's multi-key generator, for the one context and no sealing that runevault uses. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "envector.h"
#include "key_files.h"
#include "key_material.h"
#include "secure_memory.h"

struct evi_seal_info {
    int mode;
};

struct evi_multikeygenerator {
    evi_context_t context;
    /* Held open, so that what was found empty is what is written to, whatever happens to its name meanwhile. */
    int directory;
    char *path;
};

/* In the order of writing. */
static const char *const FILE_NAMES[] = {"SecKey.bin", "EncKey.bin", "EvalKey.bin"};
enum { FILE_COUNT = 3 };

evi_status_t evi_seal_info_create(int mode, const uint8_t *seal_key, size_t seal_key_size, evi_seal_info_t **out) {
    error_sink *error = last_error();
    if (out == NULL) return fail(error, "seal info: NULL argument");
    *out = NULL;
    if (mode != EVI_SEAL_MODE_NONE) return fail(error, "seal mode %d is not supported: only NONE (3) is", mode);
    if (seal_key != NULL || seal_key_size != 0) return fail(error, "seal mode NONE takes no sealing key");
    evi_seal_info_t *seal_info = malloc(sizeof *seal_info);
    if (seal_info == NULL) return fail_out_of_memory(error);
    seal_info->mode = mode;
    *out = seal_info;
    return EVI_SUCCESS;
}

void evi_seal_info_destroy(evi_seal_info_t *seal_info) {
    free(seal_info);
}

static int open_directory(evi_multikeygenerator_t *generator, const char *path, error_sink *error) {
    generator->directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (generator->directory < 0) return fail(error, "key path \"%s\": %s", path, strerror(errno));
    if (!directory_is_empty(generator->directory, path, error)) return EVI_FAILURE;
    generator->path = strdup(path);
    return generator->path == NULL ? fail_out_of_memory(error) : EVI_SUCCESS;
}

evi_status_t evi_multikeygenerator_create(const evi_context_t *const *contexts, size_t count, const char *directory,
                                          const evi_seal_info_t *seal_info, evi_multikeygenerator_t **out) {
    error_sink *error = last_error();
    if (out != NULL) *out = NULL;
    if (contexts == NULL || directory == NULL || seal_info == NULL || out == NULL) {
        return fail(error, "key generator: NULL argument");
    }
    if (count != 1) return fail(error, "key generator: %zu contexts are not supported: only 1 is", count);
    if (contexts[0] == NULL) return fail(error, "key generator: NULL argument");
    evi_multikeygenerator_t *generator = malloc(sizeof *generator);
    if (generator == NULL) return fail_out_of_memory(error);
    *generator = (evi_multikeygenerator_t){.context = *contexts[0], .directory = -1};
    if (open_directory(generator, directory, error) != EVI_SUCCESS) {
        evi_multikeygenerator_destroy(generator);
        return EVI_FAILURE;
    }
    *out = generator;
    return EVI_SUCCESS;
}

void evi_multikeygenerator_destroy(evi_multikeygenerator_t *generator) {
    if (generator == NULL) return;
    if (generator->directory >= 0) close(generator->directory);
    free(generator->path);
    free(generator);
}

/* Also makes the names durable: without the last fsync a crash could lose all three files. */
static int write_files(const evi_multikeygenerator_t *generator, const uint8_t *const contents[FILE_COUNT],
                       const size_t sizes[FILE_COUNT], error_sink *error) {
    char text[ERROR_TEXT_SIZE / 2];
    error_sink cause = {.text = text, .size = sizeof text};
    int written = 0, status = EVI_SUCCESS;
    while (written < FILE_COUNT && status == EVI_SUCCESS) {
        status = write_key_file(generator->directory, FILE_NAMES[written], contents[written], sizes[written], &cause);
        if (status == EVI_SUCCESS) written++;
    }
    if (status == EVI_SUCCESS && fsync(generator->directory) != 0) status = fail(&cause, "%s", strerror(errno));
    if (status == EVI_SUCCESS) return EVI_SUCCESS;
    while (written > 0) unlinkat(generator->directory, FILE_NAMES[--written], 0);
    return fail(error, "key path \"%s\": %s", generator->path, text);
}

static int generate(const evi_multikeygenerator_t *generator, key_workshop *workshop, error_sink *error) {
    uint8_t *enc_key = malloc(ENC_KEY_SIZE), *eval_key = NULL;
    size_t eval_key_size = 0;
    int status = enc_key == NULL ? fail_out_of_memory(error) : workshop_open(workshop, error);
    if (status == EVI_SUCCESS) status = make_enc_key(workshop, enc_key, error);
    if (status == EVI_SUCCESS) status = make_eval_key(workshop, &generator->context, &eval_key, &eval_key_size, error);
    if (status == EVI_SUCCESS) {
        const uint8_t *const contents[FILE_COUNT] = {workshop->payload, enc_key, eval_key};
        const size_t sizes[FILE_COUNT] = {SECRET_PAYLOAD_SIZE, ENC_KEY_SIZE, eval_key_size};
        status = write_files(generator, contents, sizes, error);
    }
    free(enc_key);
    free(eval_key);
    return status;
}

evi_status_t evi_multikeygenerator_generate_keys(evi_multikeygenerator_t *generator, evi_secret_key_t **out) {
    error_sink *error = last_error();
    if (out != NULL) *out = NULL;
    if (generator == NULL || out == NULL) return fail(error, "key generator: NULL argument");
    key_workshop *workshop = secure_alloc(sizeof *workshop, MUST_LOCK, error);
    if (workshop == NULL) return EVI_FAILURE;
    /* Before anything is written: a failure after that would leave files behind. */
    evi_secret_key_t *key = secure_alloc(sizeof *key, MUST_LOCK, error);
    int status = key == NULL ? EVI_FAILURE : generate(generator, workshop, error);
    if (status == EVI_SUCCESS) {
        memcpy(key, &workshop->key_q, sizeof *key);
        *out = key;
    } else {
        evi_secret_key_destroy(key);
    }
    secure_free(workshop, sizeof *workshop);
    return status;
}
