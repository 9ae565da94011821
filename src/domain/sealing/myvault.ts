import { decodeBase64 } from "#domain/fhe/mod.ts";
import { PayloadError } from "#errors/mod.ts";
import { decrypt, NONCE_BYTES, TAG_BYTES } from "./aead.ts";

const KEY_BYTES = 32;
const PREFIX = "base64:";

/** The three columns of a value in a myVault database, hexadecimal. Contract secrets.md B.8. */
export interface MyVaultRow {
  readonly encryptedValue: string;
  readonly encryptionIv: string;
  readonly encryptionTag: string;
}

/**
 * Reads `MSA_MASTER_KEY` as myVault does: `base64:`, then base64 of 32 bytes, characters outside the alphabet dropped.
 *
 * @returns 32 bytes, for the caller to wipe.
 * @throws {PayloadError} without a word of the text.
 */
export function parseMyVaultKey(text: string): Uint8Array {
  if (!text.startsWith(PREFIX)) throw new PayloadError("the master key must start with 'base64:'");
  const key = decodeBase64(new TextEncoder().encode(text.slice(PREFIX.length)));
  if (key.length === KEY_BYTES) return key;
  key.fill(0);
  throw new PayloadError(`the master key must be base64 of ${KEY_BYTES} bytes`);
}

/**
 * Opens one value of a myVault database: AES-256-GCM under the master key itself, bound to nothing.
 *
 * @returns The plaintext, UTF-8 as a rule, for the caller to wipe.
 * @throws {PayloadError} a column is not the hexadecimal it should be, or authentication failed.
 */
export function openMyVaultRow(key: Uint8Array, row: MyVaultRow): Uint8Array {
  const nonce = fromHex(row.encryptionIv, "encryption_iv", NONCE_BYTES["aes-256-gcm"]);
  const tag = fromHex(row.encryptionTag, "encryption_tag", TAG_BYTES);
  const value = fromHex(row.encryptedValue, "encrypted_value");
  const sealed = new Uint8Array(value.length + tag.length);
  sealed.set(value);
  sealed.set(tag, value.length);
  const plaintext = decrypt({ algorithm: "aes-256-gcm", key, nonce, aad: new Uint8Array() }, sealed);
  if (plaintext === undefined) throw new PayloadError("authentication failed: another master key, or a damaged row");
  return plaintext;
}

function fromHex(text: string, column: string, bytes = text.length / 2): Uint8Array {
  const isHex = /^(?:[0-9a-f]{2})*$/i.test(text);
  if (!isHex || text.length !== 2 * bytes) throw new PayloadError(`${column} is not ${sizeText(column, bytes)}`);
  return Uint8Array.fromHex(text);
}

function sizeText(column: string, bytes: number): string {
  return column === "encrypted_value" ? "hexadecimal" : `${2 * bytes} hexadecimal digits`;
}
