import { Decrypter, Encrypter } from "age-encryption";
import { PayloadError, VaultError } from "#errors/mod.ts";

/** Who shall be able to open a file. */
export type AgeLock = { readonly recipients: readonly string[] } | { readonly passphrase: string };
/** What opens one. */
export type AgeKey = { readonly identities: readonly string[] } | { readonly passphrase: string };

/** What age itself writes: some 256 MiB and a second for each try of a passphrase. */
const WORK_FACTOR = 18;
/** A header of hundreds of recipients; more is an attack on the memory of who reads it. */
export const MAX_AGE_HEADER = 64 * 1024;
const HEADER = "age-encryption.org/v1\n";

/**
 * Encrypts in the format of https://age-encryption.org/v1, chunk by chunk.
 *
 * @throws {VaultError} INVALID_ARGUMENT for what is no recipient; it is not quoted, for it may be an identity.
 */
export async function encryptAge(
  plain: ReadableStream<Uint8Array>,
  lock: AgeLock,
): Promise<ReadableStream<Uint8Array>> {
  return await encrypterFor(lock).encrypt(plain);
}

/** Whether the text is a recipient that a file can be encrypted for. */
export function checkAgeLock(lock: AgeLock): void {
  encrypterFor(lock);
}

/**
 * Decrypts, chunk by chunk; each chunk is authenticated before it is handed on, the end of the file too.
 *
 * @param head The first bytes of the file, up to MAX_AGE_HEADER, for a look before anything is computed from them.
 * @throws {PayloadError} when it is no age file, is damaged, or is not for this key.
 */
export async function decryptAge(
  cipher: ReadableStream<Uint8Array>,
  head: Uint8Array,
  key: AgeKey,
): Promise<ReadableStream<Uint8Array>> {
  try {
    checkHeader(head, key);
    const plain = await decrypterFor(key).decrypt(cipher);
    return ReadableStream.from(readable(plain));
  } catch (reason) {
    await cipher.cancel().catch(() => {});
    if (reason instanceof PayloadError || reason instanceof VaultError) throw reason;
    if (/no identity matched/.test(String(reason))) throw wrongKey(key);
    throw new PayloadError("damaged, or no age file");
  }
}

/** The library's own errors speak of tags and chunks. */
async function* readable(plain: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  try {
    yield* plain;
  } catch (reason) {
    throw new PayloadError("damaged or cut off", { cause: reason });
  }
}

function encrypterFor(lock: AgeLock): Encrypter {
  const encrypter = new Encrypter();
  encrypter.setScryptWorkFactor(WORK_FACTOR);
  if ("passphrase" in lock) {
    encrypter.setPassphrase(lock.passphrase);
    return encrypter;
  }
  for (const [i, recipient] of lock.recipients.entries()) {
    try {
      encrypter.addRecipient(recipient);
    } catch {
      const which = lock.recipients.length > 1 ? ` ${i + 1}` : "";
      throw new VaultError("INVALID_ARGUMENT", `recipient${which} is not one of age (age1...)`);
    }
  }
  return encrypter;
}

function decrypterFor(key: AgeKey): Decrypter {
  const decrypter = new Decrypter();
  if ("passphrase" in key) decrypter.addPassphrase(key.passphrase);
  else for (const identity of key.identities) decrypter.addIdentity(identity);
  return decrypter;
}

/** Before the library reads a header of any length, or computes with as much memory as the file asks for. */
function checkHeader(head: Uint8Array, key: AgeKey): void {
  const text = new TextDecoder("latin1").decode(head);
  if (!text.startsWith(HEADER)) throw new PayloadError("no age file");
  const end = text.indexOf("\n---");
  if (end < 0) throw new PayloadError("damaged, or with a header of more than 64 KiB");
  const scrypt = /^-> scrypt \S+ (\S+)$/m.exec(text.slice(0, end));
  if (!scrypt !== !("passphrase" in key)) {
    throw new PayloadError(
      scrypt ? "encrypted with a passphrase, not for an identity" : "encrypted for an identity, not with a passphrase",
    );
  }
  if (scrypt && !(Number(scrypt[1]) <= WORK_FACTOR)) {
    throw new PayloadError(`made with a work factor above ${WORK_FACTOR}, which would take too much memory`);
  }
}

function wrongKey(key: AgeKey): PayloadError {
  return new PayloadError(
    "passphrase" in key ? "the passphrase is not the right one" : "not encrypted for this identity",
  );
}
