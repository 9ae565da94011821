import type { FheLibrary, SecretKey } from "#ports/fhe_library.ts";
import { cString, type Handle, NativeLibrary } from "./native_library.ts";
import { NativeSecretKey } from "./native_secret_key.ts";
import { DEVICE_CPU, EVAL_MODE_RMP, PRESET_IP0, SEAL_MODE_NONE } from "./symbols.ts";

/** The envector shared library, ours or the vendor's. */
export class EnvectorLibrary implements FheLibrary {
  readonly #library: NativeLibrary;
  readonly #extension: boolean;

  /**
   * @param path The shared library; needs --allow-ffi for it.
   * @param options.extension false: use the vendor's functions alone, also where the library has ours.
   * @throws {VaultError} when it cannot be opened.
   */
  constructor(path: string, { extension = true }: { extension?: boolean } = {}) {
    this.#library = new NativeLibrary(path);
    this.#extension = extension;
  }

  generateKeys(directory: string, dim: number): void {
    const library = this.#library, { call } = library;
    const context = this.#createContext(dim);
    const sealInfo = library.create((out) => call.evi_seal_info_create(SEAL_MODE_NONE, 0n, 0n, out));
    let generator: Handle = 0n, key: Handle = 0n;
    try {
      generator = library.create((out) =>
        call.evi_multikeygenerator_create(new BigUint64Array([context]), 1n, cString(directory), sealInfo, out)
      );
      key = library.create((out) => call.evi_multikeygenerator_generate_keys(generator, out));
    } finally {
      call.evi_secret_key_destroy(key);
      call.evi_multikeygenerator_destroy(generator);
      call.evi_seal_info_destroy(sealInfo);
      call.evi_context_destroy(context);
    }
  }

  openSecretKey(path: string, dim: number): SecretKey {
    const library = this.#library, { call } = library;
    const context = this.#createContext(dim);
    let decryptor: Handle = 0n;
    try {
      decryptor = library.create((out) => call.evi_decryptor_create(context, out));
      const key = library.create((out) => call.evi_secret_key_create_from_path(cString(path), out));
      return new NativeSecretKey(library, { context, decryptor, key }, { extension: this.#extension });
    } catch (reason) {
      call.evi_decryptor_destroy(decryptor);
      call.evi_context_destroy(context);
      throw reason;
    }
  }

  #createContext(dim: number): Handle {
    return this.#library.create((out) =>
      this.#library.call.evi_context_create(PRESET_IP0, DEVICE_CPU, BigInt(dim), EVAL_MODE_RMP, 0n, out)
    );
  }
}
