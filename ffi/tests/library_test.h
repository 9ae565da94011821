/* The commands of the library test program; it uses nothing but the exported interface. */
#ifndef RV_LIBRARY_TEST_H
#define RV_LIBRARY_TEST_H

#include "runevault.h"
#include "support.h"

/* KEY.bin TEXT.b64 CASES: both ways to the scores against the expected ones. */
void test_golden(const char *key_path, const char *text_path, const char *cases_path);
/* KEY.bin: every refusal of a message, a blob or a search result. */
void test_message_refusals(const char *key_path);
/* KEY.bin WORK: refusals of parameters, handles and key files. */
void test_interface_refusals(const char *key_path, const char *work);
/* KEY.bin: where the kernel keeps a loaded key. */
void test_key_memory(const char *key_path);
/* DIM DIRECTORY: generates keys, then encrypts and decrypts under them. */
void test_keys(const char *dim, const char *directory);

/* library_calls.c, which all of them use. */
evi_context_t *new_context(uint64_t dim);
evi_secret_key_t *load_key(const char *path);

/* rv_decrypt_top_k() of an encoded message. `count` gets that of the results, `text` the failure's text, "" on success. */
enum { TEXT_SIZE = 256 };
int decrypt_message(const evi_secret_key_t *key, const buffer *message, uint32_t top_k, rv_score_t *out,
                    uint32_t *count, char text[TEXT_SIZE]);

#endif
