/** The envector library: it alone holds the secret key, outside JavaScript's memory. */

/** One decrypted similarity score. */
export interface Score {
  readonly shardIdx: number;
  readonly rowIdx: number;
  /** A float32 value. */
  readonly score: number;
}

/** The best scores of a message, and how much was decrypted to find them. */
export interface TopScores {
  /** Descending; equal scores in message order. */
  readonly scores: Score[];
  readonly ciphertexts: number;
  /** Decrypted scores over all ciphertexts. */
  readonly rows: number;
}

/** Calls that are in the library, and those that wait for their turn. */
export interface CallQueue {
  readonly running: number;
  readonly waiting: number;
}

/** An opened secret key. After close() every call rejects. */
export interface SecretKey {
  /**
   * Decrypts one serialized search result (contract fhe.md, section 3), off the event loop.
   *
   * @param data Must not change until the promise settles.
   * @returns The scores in row order, cut to the item count that the result carries.
   * @throws {PayloadError} with the library's text when the result is not valid.
   */
  decryptResult(data: Uint8Array): Promise<Float32Array>;

  /**
   * The whole way from base64 text to the best scores in one call off the event loop; absent where the library lacks it.
   *
   * @param text Base64 of an `ES2.CiphertextScore`; must not change until the promise settles.
   * @returns At most `topK` scores.
   * @throws {PayloadError} with the text for the caller.
   */
  readonly topScores?: (text: Uint8Array, topK: number) => Promise<TopScores>;

  /** How busy the library is now. */
  readonly queue: CallQueue;

  /** Wipes the key, after the calls that still use it. Closing twice is harmless. */
  close(): Promise<void>;
}

export interface FheLibrary {
  /** Writes SecKey.bin, EncKey.bin and EvalKey.bin into an existing, empty directory; takes up to seconds. */
  generateKeys(directory: string, dim: number): void;
  /** Opens the secret key payload in a file whose name ends in `.bin`. */
  openSecretKey(path: string, dim: number): SecretKey;
}
