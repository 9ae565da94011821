import { createHmac } from "node:crypto";

/**
 * Derives the data-encryption key of one agent: HKDF-SHA-256 without salt (contract runevault.md 1.10, RFC 5869), whose
 * one block is written out here because node:crypto refuses agent ids of more than 1024 bytes.
 *
 * @param teamSecret Input keying material, UTF-8; the caller refuses an empty one.
 * @param agentId Info, UTF-8; any text.
 * @returns 32 bytes; wipe them after use.
 */
export function deriveAgentKey(teamSecret: string, agentId: string): Uint8Array {
  const extracted = createHmac("sha256", new Uint8Array(32)).update(teamSecret).digest();
  const key = createHmac("sha256", extracted).update(agentId).update(Uint8Array.of(1)).digest();
  extracted.fill(0);
  return key;
}
