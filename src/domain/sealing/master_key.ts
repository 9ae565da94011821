import { decodeBase64, encodeBase64 } from "#domain/fhe/mod.ts";
import { VaultError } from "#errors/mod.ts";

const KEY_BYTES = 32;
const PREFIX = new TextEncoder().encode("base64:");
const SPACE = 0x20;

/**
 * Reads a local master key: base64 of exactly 32 bytes, in canonical form; `base64:` may stand before it, blanks around.
 *
 * @param text ASCII; the caller wipes it.
 * @returns 32 bytes, for the caller to wipe.
 * @throws {VaultError} INVALID_ARGUMENT, without a word of the text.
 */
export function parseMasterKey(text: Uint8Array): Uint8Array {
  const digits = withoutPrefix(trimmed(text));
  const key = decoded(digits);
  // Padding and unused bits too: a key that two programs read differently seals what one of them cannot open.
  const canonical = encodeBase64(key);
  const isCanonical = canonical.length === digits.length && canonical.every((code, i) => code === digits[i]);
  canonical.fill(0);
  if (key.length === KEY_BYTES && isCanonical) return key;
  key.fill(0);
  throw notAKey();
}

function decoded(digits: Uint8Array): Uint8Array {
  try {
    return decodeBase64(digits);
  } catch {
    throw notAKey();
  }
}

function notAKey(): VaultError {
  return new VaultError(
    "INVALID_ARGUMENT",
    `a master key is base64 of ${KEY_BYTES} bytes: make one with 'openssl rand -base64 ${KEY_BYTES}'`,
  );
}

function trimmed(text: Uint8Array): Uint8Array {
  let from = 0, to = text.length;
  while (from < to && isBlank(text[from])) from++;
  while (to > from && isBlank(text[to - 1])) to--;
  return text.subarray(from, to);
}

function isBlank(code: number): boolean {
  return code === SPACE || (code >= 0x09 && code <= 0x0d);
}

function withoutPrefix(text: Uint8Array): Uint8Array {
  return PREFIX.every((code, i) => code === text[i]) ? text.subarray(PREFIX.length) : text;
}
