import type { SealedValue } from "./secret_store.ts";

/** Seals values under data keys of their own, bound to name and version. */
export interface Sealer {
  /** @param name Canonical name, `project/path`. @throws {VaultError} UNAVAILABLE while no data key can be had. */
  seal(name: string, version: number, plaintext: Uint8Array): Promise<SealedValue>;
  /**
   * @returns The plaintext, in a buffer that the caller wipes.
   * @throws {VaultError} DATA_LOSS when the record is not what seal() made for this name and version; UNAVAILABLE as above.
   */
  open(name: string, version: number, sealed: SealedValue): Promise<Uint8Array>;
}
