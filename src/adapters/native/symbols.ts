/**
 * The envector library's C interface (contract fhe.md, section 5; ours: ffi/include/).
 *
 * Handles travel as usize, a bigint: under a path-scoped --allow-ffi Deno refuses pointer objects. An `out` parameter is
 * a buffer of 8 bytes that the library fills with a handle. What takes long is there twice: "Later" runs off the event
 * loop, the other on this thread, where alone evi_last_error_message() can tell why it failed.
 *
 * @module
 */
const deserialize = {
  parameters: ["buffer", "usize", "buffer"], // data, its bytes, out
  result: "i32",
  name: "evi_search_result_deserialize_from_string",
} as const;
const decrypt = {
  parameters: ["usize", "usize", "usize", "i32", "usize", "buffer"], // decryptor, result, key, is_score, scale, out
  result: "i32",
  name: "evi_decryptor_decrypt_search_result_with_seckey",
} as const;

const topScores = {
  // context, key, text, its bytes, k, out scores[k], out counts u32[3], out text of a failure, its capacity
  parameters: ["usize", "usize", "buffer", "usize", "u32", "buffer", "buffer", "buffer", "usize"],
  result: "i32",
  name: "rv_decrypt_top_k",
} as const;

export const symbols = {
  evi_last_error_message: { parameters: [], result: "usize" }, // const char*, of the calling thread
  evi_context_create: {
    parameters: ["i32", "i32", "u64", "i32", "usize", "buffer"], // preset, device, dim, mode, device ids (NULL), out
    result: "i32",
  },
  evi_context_destroy: { parameters: ["usize"], result: "void" },
  evi_secret_key_create_from_path: { parameters: ["buffer", "buffer"], result: "i32" }, // C string, out
  evi_secret_key_destroy: { parameters: ["usize"], result: "void" },
  evi_decryptor_create: { parameters: ["usize", "buffer"], result: "i32" }, // context, out
  evi_decryptor_destroy: { parameters: ["usize"], result: "void" },
  deserialize,
  deserializeLater: { ...deserialize, nonblocking: true },
  evi_search_result_get_item_count: { parameters: ["usize", "buffer"], result: "i32" }, // search result, out u32
  evi_search_result_destroy: { parameters: ["usize"], result: "void" },
  decrypt,
  decryptLater: { ...decrypt, nonblocking: true },
  evi_message_size: { parameters: ["usize"], result: "usize" }, // in floats
  evi_message_data: { parameters: ["usize"], result: "usize" },
  evi_message_destroy: { parameters: ["usize"], result: "void" },
  evi_seal_info_create: { parameters: ["i32", "usize", "usize", "buffer"], result: "i32" }, // mode, key, size, out
  evi_seal_info_destroy: { parameters: ["usize"], result: "void" },
  evi_multikeygenerator_create: {
    parameters: ["buffer", "usize", "buffer", "usize", "buffer"], // contexts[], count, directory, seal info, out
    result: "i32",
  },
  evi_multikeygenerator_generate_keys: { parameters: ["usize", "buffer"], result: "i32" }, // generator, out secret key
  evi_multikeygenerator_destroy: { parameters: ["usize"], result: "void" },
  // Our extension; null with the vendor's library.
  topScores: { ...topScores, optional: true },
  topScoresLater: { ...topScores, nonblocking: true, optional: true },
  // libc, which the library depends on: the only way to read native memory without pointer objects.
  memcpy: { parameters: ["buffer", "usize", "usize"], result: "usize" },
  strlen: { parameters: ["usize"], result: "usize" },
} as const satisfies Deno.ForeignLibraryInterface;

export const PRESET_IP0 = 5;
export const DEVICE_CPU = 0;
export const EVAL_MODE_RMP = 0;
export const SEAL_MODE_NONE = 3;
