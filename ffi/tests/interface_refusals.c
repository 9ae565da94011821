/* What the vendor's interface refuses: parameters, NULL handles, key files, key directories. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "library_test.h"

enum { PATH_SIZE = 1024, PAYLOAD_SIZE = 1029, NOBODY = 65534 };

static void test_contexts(void) {
    static const struct {
        int preset, device;
        uint64_t dim;
        int eval_mode;
        const char *text;
    } cases[] = {
        {6, 0, 1024, 0, "preset IP1 is not supported: only IP0 is"},
        {4, 0, 1024, 0, "preset 4 is not supported: only IP0 is"},
        {5, 1, 1024, 0, "device 1 is not supported: only the CPU (0) is"},
        {5, 0, 31, 0, "dim 31 is not between 32 and 4096"},
        {5, 0, 4097, 0, "dim 4097 is not between 32 and 4096"},
        {5, 0, UINT64_MAX, 0, "dim 18446744073709551615 is not between 32 and 4096"},
        {5, 0, 1024, 4, "evaluation mode MM is not supported: only RMP is"},
        {5, 0, 1024, 3, "evaluation mode FLAT is not supported: only RMP is"},
        {5, 0, 1024, -1, "evaluation mode -1 is not supported: only RMP is"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        evi_context_t *context;
        REFUSES(evi_context_create(cases[i].preset, cases[i].device, cases[i].dim, cases[i].eval_mode, NULL, &context),
                cases[i].text);
        CHECK(context == NULL);
    }
    static const struct {
        uint64_t dim;
        uint32_t pad_rank;
    } ranks[] = {{32, 32}, {33, 32}, {1024, 32}, {2047, 32}, {2048, 32}, {4095, 32}, {4096, 64}};
    for (size_t i = 0; i < sizeof ranks / sizeof ranks[0]; i++) {
        evi_context_t *context = new_context(ranks[i].dim);
        CHECK(evi_context_get_pad_rank(context) == ranks[i].pad_rank);
        evi_context_destroy(context);
    }
}

/* NULL is an error where a handle is needed, and harmless where one is destroyed. */
static void test_nulls(void) {
    evi_context_t *context = new_context(32);
    evi_decryptor_t *decryptor;
    evi_secret_key_t *key;
    evi_message_t *message;
    uint32_t count;
    char text[TEXT_SIZE];
    REFUSES(evi_context_create(5, 0, 1024, 0, NULL, NULL), "context: NULL argument");
    REFUSES(evi_decryptor_create(NULL, &decryptor), "decryptor: NULL argument");
    REFUSES(evi_decryptor_create(context, NULL), "decryptor: NULL argument");
    REFUSES(evi_secret_key_create_from_path(NULL, &key), "secret key: NULL argument");
    REFUSES(evi_search_result_deserialize_from_string(NULL, 5, NULL), "search result: NULL argument");
    REFUSES(evi_search_result_get_item_count(NULL, &count), "search result: NULL argument");
    REFUSES(evi_decryptor_decrypt_search_result_with_seckey(NULL, NULL, NULL, 1, NULL, &message),
            "decryption: NULL argument");
    REFUSES(evi_multikeygenerator_generate_keys(NULL, &key), "key generator: NULL argument");
    CHECK(rv_encrypt_scores(context, NULL, 0, NULL, 0, NULL, 0, text, sizeof text) != 0);
    expect_text(text, "encryption: NULL argument");
    CHECK(evi_context_get_pad_rank(NULL) == 0 && evi_message_size(NULL) == 0 && evi_message_data(NULL) == NULL);
    evi_context_destroy(NULL), evi_secret_key_destroy(NULL), evi_decryptor_destroy(NULL);
    evi_search_result_destroy(NULL), evi_message_destroy(NULL), evi_seal_info_destroy(NULL);
    evi_multikeygenerator_destroy(NULL);
    evi_context_destroy(context);
}

static void test_decryptor(const char *key_path) {
    evi_context_t *context = new_context(1024);
    evi_secret_key_t *key = load_key(key_path);
    evi_decryptor_t *decryptor;
    evi_search_result_t *result;
    evi_message_t *message;
    const double scale = 48;
    buffer data = zero_result(0, 1, 1);
    OK(evi_decryptor_create(context, &decryptor));
    OK(evi_search_result_deserialize_from_string((const char *)data.bytes, data.size, &result));
    REFUSES(evi_decryptor_decrypt_search_result_with_seckey(decryptor, result, key, 0, NULL, &message),
            "decryption: only scores (is_score 1) are supported");
    REFUSES(evi_decryptor_decrypt_search_result_with_seckey(decryptor, result, key, 1, &scale, &message),
            "decryption: only the default scale (NULL) is supported");
    CHECK(message == NULL);
    evi_search_result_destroy(result), evi_decryptor_destroy(decryptor), evi_context_destroy(context);
    evi_secret_key_destroy(key);
    free(data.bytes);
}

/* Writes a key file and checks that it is refused with its path and this reason. */
static void refuses_key(const char *path, const uint8_t *payload, size_t size, const char *reason) {
    char text[PATH_SIZE + TEXT_SIZE];
    evi_secret_key_t *key;
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL && fwrite(payload, 1, size, file) == size && fclose(file) == 0);
    snprintf(text, sizeof text, "secret key \"%s\": %s", path, reason);
    REFUSES(evi_secret_key_create_from_path(path, &key), text);
    CHECK(key == NULL);
}

/* The payload with one byte changed, which is put back afterwards. */
static void refuses_change(const char *path, uint8_t *payload, size_t at, uint8_t byte, const char *reason) {
    const uint8_t before = payload[at];
    payload[at] = byte;
    refuses_key(path, payload, PAYLOAD_SIZE, reason);
    payload[at] = before;
}

static void test_key_files(const char *key_path, const char *work) {
    char path[PATH_SIZE], text[PATH_SIZE + TEXT_SIZE];
    evi_secret_key_t *key;
    buffer payload = read_file(key_path);
    append_zeros(&payload, 1);
    snprintf(path, sizeof path, "%s/bad.bin", work);
    refuses_key(path, payload.bytes, 0, "the payload has not exactly 1029 bytes");
    refuses_key(path, payload.bytes, PAYLOAD_SIZE - 1, "the payload has not exactly 1029 bytes");
    refuses_key(path, payload.bytes, PAYLOAD_SIZE + 1, "the payload has not exactly 1029 bytes");
    refuses_change(path, payload.bytes, 0, 2, "the first byte is not that of a secret key");
    refuses_change(path, payload.bytes, 3, '1', "preset IP1 is not supported: only IP0 is");
    refuses_change(path, payload.bytes, 3, '2', "unknown preset");
    refuses_change(path, payload.bytes, 4, ' ', "unknown preset");
    refuses_change(path, payload.bytes, 5, 0x80, "invalid coefficient code");
    refuses_change(path, payload.bytes, PAYLOAD_SIZE - 1, 2, "invalid coefficient code");
    const uint8_t one_less = payload.bytes[9] & 1 ? payload.bytes[9] & 0xfc : (payload.bytes[9] & 0xfc) | 1;
    refuses_change(path, payload.bytes, 9, one_less, "the Hamming weight is not 2730");
    snprintf(path, sizeof path, "%s/absent.bin", work);
    snprintf(text, sizeof text, "secret key \"%s\": cannot open: No such file or directory", path);
    REFUSES(evi_secret_key_create_from_path(path, &key), text);
    REFUSES(evi_secret_key_create_from_path("SecKey.json", &key),
            "secret key \"SecKey.json\": the path does not end in .bin");
    free(payload.bytes);
}

/*
 * Key memory that cannot be locked could be swapped to disk: it must not come to be. In a child, which gives up root's
 * right to exceed the limit.
 */
static void test_lock_limit(const char *key_path) {
#if defined(__SANITIZE_ADDRESS__)
    (void)key_path; /* AddressSanitizer makes mlock() do nothing */
#else
    const struct rlimit none = {.rlim_cur = 4096, .rlim_max = 4096};
    evi_secret_key_t *key;
    int status;
    const pid_t child = fork();
    if (child == 0) {
        CHECK(setrlimit(RLIMIT_MEMLOCK, &none) == 0);
        CHECK(geteuid() != 0 || setuid(NOBODY) == 0);
        REFUSES(evi_secret_key_create_from_path(key_path, &key),
                "cannot lock 65536 bytes of key memory: raise the memlock limit (ulimit -l, or LimitMEMLOCK= in the "
                "unit)");
        _exit(0);
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
#endif
}

static void test_generators(const char *work) {
    char text[PATH_SIZE + TEXT_SIZE], path[PATH_SIZE];
    const evi_context_t *contexts[2] = {new_context(32), NULL};
    evi_seal_info_t *seal = NULL;
    evi_multikeygenerator_t *generator;
    REFUSES(evi_seal_info_create(0, NULL, 0, &seal), "seal mode 0 is not supported: only NONE (3) is");
    REFUSES(evi_seal_info_create(3, (const uint8_t *)"k", 1, &seal), "seal mode NONE takes no sealing key");
    OK(evi_seal_info_create(EVI_SEAL_MODE_NONE, NULL, 0, &seal));
    REFUSES(evi_multikeygenerator_create(contexts, 2, work, seal, &generator),
            "key generator: 2 contexts are not supported: only 1 is");
    REFUSES(evi_multikeygenerator_create(contexts, 0, work, seal, &generator),
            "key generator: 0 contexts are not supported: only 1 is");
    REFUSES(evi_multikeygenerator_create(contexts + 1, 1, work, seal, &generator), "key generator: NULL argument");
    REFUSES(evi_multikeygenerator_create(contexts, 1, work, NULL, &generator), "key generator: NULL argument");
    snprintf(text, sizeof text, "key path \"%s\" is not empty", work); /* bad.bin lies there */
    REFUSES(evi_multikeygenerator_create(contexts, 1, work, seal, &generator), text);
    CHECK(generator == NULL);
    snprintf(path, sizeof path, "%s/absent", work);
    snprintf(text, sizeof text, "key path \"%s\": No such file or directory", path);
    REFUSES(evi_multikeygenerator_create(contexts, 1, path, seal, &generator), text);
    evi_seal_info_destroy(seal);
    evi_context_destroy((evi_context_t *)contexts[0]);
}

/* A file that appears after the check stays as it is, and what was already written goes. */
static void test_failed_generation(const char *work) {
    char directory[PATH_SIZE], path[PATH_SIZE + 16], text[PATH_SIZE + TEXT_SIZE];
    const evi_context_t *context = new_context(32);
    evi_seal_info_t *seal = NULL;
    evi_multikeygenerator_t *generator;
    evi_secret_key_t *key;
    snprintf(directory, sizeof directory, "%s/race", work);
    CHECK(mkdir(directory, 0700) == 0);
    OK(evi_seal_info_create(EVI_SEAL_MODE_NONE, NULL, 0, &seal));
    OK(evi_multikeygenerator_create(&context, 1, directory, seal, &generator));
    snprintf(path, sizeof path, "%s/EvalKey.bin", directory);
    CHECK(symlink("/nonexistent", path) == 0);
    snprintf(text, sizeof text, "key path \"%s\": EvalKey.bin: cannot create: File exists", directory);
    REFUSES(evi_multikeygenerator_generate_keys(generator, &key), text);
    CHECK(key == NULL && unlink(path) == 0 && rmdir(directory) == 0); /* nothing else was left */
    evi_multikeygenerator_destroy(generator);
    evi_seal_info_destroy(seal);
    evi_context_destroy((evi_context_t *)context);
}

void test_interface_refusals(const char *key_path, const char *work) {
    test_contexts();
    test_nulls();
    test_decryptor(key_path);
    test_key_files(key_path, work);
    test_lock_limit(key_path);
    test_generators(work);
    test_failed_generation(work);
}
