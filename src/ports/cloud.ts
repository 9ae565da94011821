/** enVector Cloud as the vault uses it: one key resident in the team's cluster, one index. Contract runevault.md section 8. */

/** An evaluation key that is read in parts, since it is megabytes long. */
export interface EvalKeyParts {
  /** Bytes of the raw key. */
  readonly size: number;
  /** SHA-256 of the whole raw key in lower-case hex. */
  readonly sha256: string;
  /** The `length` bytes from `offset`, which lie within the key; one call after the other. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

export interface TeamIndex {
  readonly name: string;
  /** Dimension of its vectors. */
  readonly dim: number;
  /** The key that its vectors are encrypted with. */
  readonly keyId: string;
}

/**
 * One connection to the cluster. Every method rejects with a CloudError when the cloud does not do what it is asked, be
 * it that it refuses, fails, cannot be reached or does not answer in time.
 */
export interface Cloud {
  /** Ids of the keys that the cluster knows, in its order. */
  keyList(): Promise<readonly string[]>;
  /** Uploads a key; an upload that does not come to its end leaves no key behind. */
  registerKey(keyId: string, key: EvalKeyParts): Promise<void>;
  /** Makes a registered key resident; harmless when it is. */
  loadKey(keyId: string): Promise<void>;
  /** Makes a key no longer resident; it stays registered. */
  unloadKey(keyId: string): Promise<void>;
  indexList(): Promise<readonly string[]>;
  createIndex(index: TeamIndex): Promise<void>;
  /** Ends the connection and calls in flight; later ones reject. Closing twice is harmless. */
  close(): void;
}

/** Why the cloud did not do it: it takes the API key for wrong, it cannot be reached in time, or anything else. */
export type CloudFailure = "rejected" | "unreachable" | "refused";

/** `message` is for the operator: it holds no API key. */
export class CloudError extends Error {
  override readonly name = "CloudError";

  constructor(readonly failure: CloudFailure, message: string) {
    super(message);
  }
}
