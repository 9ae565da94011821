import { messageOf, VaultError } from "#errors/mod.ts";
import type { Clock } from "#ports/clock.ts";
import type { FheLibrary, SecretKey } from "#ports/fhe_library.ts";
import type { KeyDraft, KeyStore } from "#ports/key_store.ts";
import { readKeyEnvelope, writeKeyEnvelope } from "./key_envelope.ts";
import { checkKeyPayload, KEY_NAMES, type KeyName } from "./key_payload.ts";

/** The team's three FHE keys as files (contract runevault.md section 7). */
export class KeyBundle {
  readonly #store: KeyStore;
  readonly #library: FheLibrary;
  readonly #clock: Clock;

  constructor({ store, library, clock }: { store: KeyStore; library: FheLibrary; clock: Clock }) {
    this.#store = store;
    this.#library = library;
    this.#clock = clock;
  }

  /**
   * Generates the keys when there are none; existing ones are never touched.
   *
   * @param dim Dimension of the embeddings, 32 to 4096.
   * @param progress Told what is going on: generation takes seconds.
   * @throws {VaultError} when some but not all are there.
   */
  async ensure(dim: number, progress: (line: string) => void): Promise<void> {
    const files = await this.#store.list();
    const missing = KEY_NAMES.filter((name) => fileOf(name, files) === undefined);
    if (missing.length === 0) return;
    const { directory } = this.#store;
    if (files.length > 0) {
      throw new VaultError(
        "FAILED_PRECONDITION",
        `crypto: generate keys: envector/crypto: key path "${directory}" is not empty ` +
          `(${missing.join(", ")} missing: restore from backup, or move the directory away to start with new keys)`,
      );
    }
    progress(`generating FHE keys for dimension ${dim} in ${directory} ...`);
    const started = this.#clock.monotonic();
    await this.#store.create((draft) => this.#generate(draft, dim));
    progress(`FHE keys generated in ${((this.#clock.monotonic() - started) / 1000).toFixed(1)} s`);
  }

  /**
   * Opens the secret key.
   *
   * @throws {PayloadError} when its file is not valid: names the file and the reason.
   * @throws {VaultError} when it is missing, or the library refuses it.
   */
  async openSecretKey(dim: number): Promise<SecretKey> {
    const file = fileOf("SecKey", await this.#store.list());
    if (file === undefined) throw new VaultError("FAILED_PRECONDITION", "envector: key files not found at path");
    const path = this.#store.pathOf(file);
    const content = await this.#store.read(file) ?? new Uint8Array();
    const payload = file.endsWith(".json") ? openEnvelope("SecKey", path, content) : content;
    try {
      if (payload === content) checkKeyPayload("SecKey", payload);
      return this.#store.withPrivateFile(payload, (bin) => this.#library.openSecretKey(bin, dim));
    } catch (reason) {
      throw new VaultError("FAILED_PRECONDITION", `${path}: ${messageOf(reason)}`);
    } finally {
      payload.fill(0);
    }
  }

  async #generate(draft: KeyDraft, dim: number): Promise<void> {
    this.#library.generateKeys(draft.directory, dim);
    for (const name of KEY_NAMES) {
      const payload = await draft.read(`${name}.bin`);
      const envelope = writeKeyEnvelope(name, payload, this.#clock.now());
      await draft.write(`${name}.json`, envelope);
      payload.fill(0);
      envelope.fill(0);
      await draft.remove(`${name}.bin`);
    }
  }
}

function openEnvelope(name: KeyName, path: string, content: Uint8Array): Uint8Array<ArrayBuffer> {
  try {
    return readKeyEnvelope(name, path, content);
  } finally {
    content.fill(0);
  }
}

/** The file of a slot: `.json` wins over the legacy `.bin`. */
function fileOf(name: KeyName, files: readonly string[]): string | undefined {
  return [`${name}.json`, `${name}.bin`].find((file) => files.includes(file));
}
