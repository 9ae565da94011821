/*
 * The C interface of the vendor's envector library, as far as runevault calls it (contract fhe.md, section 5).
 * Same names, signatures and meaning, so that the vendor's shared library can take our place by changing one path.
 */
#ifndef ENVECTOR_H
#define ENVECTOR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The library is built with hidden visibility: only what carries this mark can be called from outside. */
#define EVI_API __attribute__((visibility("default")))

/* 0 is success; any other value is a failure that evi_last_error_message() explains. */
typedef int evi_status_t;

enum { EVI_SUCCESS = 0, EVI_FAILURE = 1 };
enum { EVI_PRESET_IP0 = 5, EVI_PRESET_IP1 = 6 };
enum { EVI_DEVICE_CPU = 0 };
enum { EVI_EVAL_MODE_RMP = 0, EVI_EVAL_MODE_FLAT = 3, EVI_EVAL_MODE_MM = 4 };
enum { EVI_SEAL_MODE_NONE = 3 };

typedef struct evi_context evi_context_t;
typedef struct evi_secret_key evi_secret_key_t;
typedef struct evi_decryptor evi_decryptor_t;
typedef struct evi_search_result evi_search_result_t;
typedef struct evi_message evi_message_t;
typedef struct evi_seal_info evi_seal_info_t;
typedef struct evi_multikeygenerator evi_multikeygenerator_t;

/*
 * The text of the last failure on the calling thread; never NULL, "" before the first failure. It stays valid until the
 * next failure on the same thread.
 */
EVI_API const char *evi_last_error_message(void);

/* Parameters of one dimension (32 to 4096). Only preset IP0, the CPU and evaluation mode RMP are supported. */
EVI_API evi_status_t evi_context_create(int preset, int device, uint64_t dim, int eval_mode, const int32_t *device_id,
                                        evi_context_t **out);
/* 32 or 64 by dimension; 0 for NULL. */
EVI_API uint32_t evi_context_get_pad_rank(const evi_context_t *context);
EVI_API void evi_context_destroy(evi_context_t *context);

/* Reads a raw SecKey payload of 1,029 bytes; the path must end in ".bin". The file is closed before this returns. */
EVI_API evi_status_t evi_secret_key_create_from_path(const char *path, evi_secret_key_t **out);
/* Zero-fills the key before its memory is given back. */
EVI_API void evi_secret_key_destroy(evi_secret_key_t *key);

/* The decryptor copies what it needs: the context may be destroyed first. */
EVI_API evi_status_t evi_decryptor_create(const evi_context_t *context, evi_decryptor_t **out);
EVI_API void evi_decryptor_destroy(evi_decryptor_t *decryptor);

/* Checks and copies one search result (contract fhe.md, section 3). */
EVI_API evi_status_t evi_search_result_deserialize_from_string(const char *data, size_t size,
                                                               evi_search_result_t **out);
/* The total item count, or n where that is 0. */
EVI_API evi_status_t evi_search_result_get_item_count(const evi_search_result_t *result, uint32_t *out);
EVI_API void evi_search_result_destroy(evi_search_result_t *result);

/*
 * The scores of all ceil(n / 4096) groups in row order: 4096 floats a group, of which the first n count.
 * is_score must be 1 and scale NULL (2^48).
 */
EVI_API evi_status_t evi_decryptor_decrypt_search_result_with_seckey(const evi_decryptor_t *decryptor,
                                                                     const evi_search_result_t *result,
                                                                     const evi_secret_key_t *key, int is_score,
                                                                     const double *scale, evi_message_t **out);
/* Number of floats; 0 for NULL. */
EVI_API size_t evi_message_size(const evi_message_t *message);
/* NULL for NULL; valid until the message is destroyed. */
EVI_API const float *evi_message_data(const evi_message_t *message);
EVI_API void evi_message_destroy(evi_message_t *message);

/* Only EVI_SEAL_MODE_NONE, with no sealing key, is supported. */
EVI_API evi_status_t evi_seal_info_create(int mode, const uint8_t *seal_key, size_t seal_key_size,
                                          evi_seal_info_t **out);
EVI_API void evi_seal_info_destroy(evi_seal_info_t *seal_info);

/* One context; the directory must exist and be empty. */
EVI_API evi_status_t evi_multikeygenerator_create(const evi_context_t *const *contexts, size_t count,
                                                  const char *directory, const evi_seal_info_t *seal_info,
                                                  evi_multikeygenerator_t **out);
/* Writes SecKey.bin, EncKey.bin and EvalKey.bin (mode 0600, never over an existing file); all of them or none. */
EVI_API evi_status_t evi_multikeygenerator_generate_keys(evi_multikeygenerator_t *generator, evi_secret_key_t **out);
EVI_API void evi_multikeygenerator_destroy(evi_multikeygenerator_t *generator);

#ifdef __cplusplus
}
#endif
#endif
