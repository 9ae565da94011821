import { isUtf8 } from "node:buffer";
import { messageOf, PayloadError } from "#errors/mod.ts";
import { type Metrics, NO_METRICS } from "#ports/metrics.ts";
import { deriveAgentKey } from "./agent_key.ts";
import { decryptCtr, decryptGcm, giveTurn, SLICE_BYTES } from "./ciphers.ts";
import { type MetadataEnvelope, parseEnvelope } from "./envelope.ts";

/** Decrypts agents' metadata with keys derived from the team secret. */
export class MetadataDecryptor {
  readonly #teamSecret: string;
  readonly #metrics: Metrics;

  /** @param metrics Told how much was decrypted. */
  constructor(teamSecret: string, metrics: Metrics = NO_METRICS) {
    this.#teamSecret = teamSecret;
    this.#metrics = metrics;
  }

  /**
   * Decrypts all envelopes or none.
   *
   * @param envelopes UTF-8 JSON each.
   * @returns The plaintexts as valid UTF-8, byte for byte, in the same order.
   * @throws {PayloadError} with the text for the caller's `error` field; never any key byte.
   */
  async decryptAll(envelopes: readonly Uint8Array[]): Promise<Uint8Array[]> {
    if (this.#teamSecret === "") throw new PayloadError("VAULT_TEAM_SECRET not configured");
    const plaintexts: Uint8Array[] = [];
    let sinceTurn = 0;
    for (const envelope of envelopes) {
      plaintexts.push(await this.#decrypt(envelope));
      sinceTurn += envelope.length;
      if (sinceTurn < SLICE_BYTES) continue;
      sinceTurn = 0;
      await giveTurn();
    }
    this.#metrics.envelopesDecrypted(plaintexts.length);
    return plaintexts;
  }

  async #decrypt(text: Uint8Array): Promise<Uint8Array> {
    try {
      const plaintext = await this.#open(parseEnvelope(text));
      if (!isUtf8(plaintext)) throw new PayloadError("the plaintext is not UTF-8");
      return plaintext;
    } catch (reason) {
      throw new PayloadError(`Metadata decryption failed: ${messageOf(reason)}`);
    }
  }

  async #open({ agentId, version, ciphertext }: MetadataEnvelope): Promise<Uint8Array> {
    const key = deriveAgentKey(this.#teamSecret, agentId);
    try {
      return version === 2 ? await decryptGcm(ciphertext, key, agentId) : await decryptCtr(ciphertext, key);
    } finally {
      key.fill(0);
    }
  }
}
