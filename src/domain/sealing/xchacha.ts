import libsodium from "libsodium";

const KEY_BYTES = 32, NONCE_BYTES = 24;
/** Of every authenticated cipher here. */
export const TAG_BYTES = 16;

/** What both directions of an authenticated cipher need. */
export interface CipherInput {
  /** 32 bytes. */
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly aad: Uint8Array;
}

/**
 * What is used of libsodium, as C has it: an address is an offset in HEAPU8, 0 is NULL, and a length of 64 bits comes as its
 * low and its high half. The package has no types.
 */
interface Sodium {
  /** All its memory; another view once it has grown. */
  readonly HEAPU8: Uint8Array<ArrayBuffer>;
  _sodium_init(): number;
  _malloc(bytes: number): number;
  _free(address: number): void;
  /** Out ciphertext and tag, out their length, message, length, additional data, length, NULL, nonce, key. */
  _crypto_aead_xchacha20poly1305_ietf_encrypt: Call;
  /** Out message, out its length, NULL, ciphertext and tag, length, additional data, length, nonce, key. */
  _crypto_aead_xchacha20poly1305_ietf_decrypt: Call;
}

/** Returns 0, or -1 where authentication fails. */
// deno-fmt-ignore
type Call = (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number,
  j: number, k: number) => number;

const sodium = await (libsodium as unknown as () => Promise<Sodium>)();
if (sodium._sodium_init() < 0) throw new Error("libsodium cannot be initialised");

const seal = sodium._crypto_aead_xchacha20poly1305_ietf_encrypt;
const open = sodium._crypto_aead_xchacha20poly1305_ietf_decrypt;

/** XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03). @returns The ciphertext and its tag. */
export function encryptXChaCha(input: CipherInput, plaintext: Uint8Array): Uint8Array {
  const { length } = plaintext, aadLength = input.aad.length;
  return withCopies(input, plaintext, (at, { key, nonce, aad }) => {
    seal(at, 0, at, length, 0, aad, aadLength, 0, 0, nonce, key);
    return sodium.HEAPU8.slice(at, at + length + TAG_BYTES);
  });
}

/** @param sealed Ciphertext and tag. @returns The plaintext; undefined when anything was changed. */
export function decryptXChaCha(input: CipherInput, sealed: Uint8Array): Uint8Array | undefined {
  const { length } = sealed, aadLength = input.aad.length;
  try {
    return withCopies(input, sealed, (at, { key, nonce, aad }) => {
      const status = open(at, 0, 0, at, length, 0, aad, aadLength, 0, nonce, key);
      return status === 0 ? sodium.HEAPU8.slice(at, at + length - TAG_BYTES) : undefined;
    });
  } finally {
    wipeStack();
  }
}

/**
 * Runs an operation on copies in libsodium's memory, and wipes them there.
 *
 * @param work Gets their addresses, that of the message first, which has room for a tag behind it.
 */
function withCopies<T>(
  { key, nonce, aad }: CipherInput,
  message: Uint8Array,
  work: (message: number, input: Readonly<Record<"key" | "nonce" | "aad", number>>) => T,
): T {
  if (key.length !== KEY_BYTES) throw new RangeError(`a key has ${KEY_BYTES} bytes, not ${key.length}`);
  if (nonce.length !== NONCE_BYTES) throw new RangeError(`a nonce has ${NONCE_BYTES} bytes, not ${nonce.length}`);
  const bytes = KEY_BYTES + NONCE_BYTES + aad.length + message.length + TAG_BYTES;
  const start = roomFor(bytes), input = { key: start, nonce: start + KEY_BYTES, aad: start + KEY_BYTES + NONCE_BYTES };
  const at = input.aad + aad.length;
  try {
    sodium.HEAPU8.set(key, input.key);
    sodium.HEAPU8.set(nonce, input.nonce);
    sodium.HEAPU8.set(aad, input.aad);
    sodium.HEAPU8.set(message, at);
    return work(at, input);
  } finally {
    sodium.HEAPU8.fill(0, start, start + bytes);
  }
}

let room = { address: 0, bytes: 0 };

/** The one room of all operations, as large as the largest: each is over before the next begins. */
function roomFor(bytes: number): number {
  if (bytes <= room.bytes) return room.address;
  sodium._free(room.address);
  room = { address: sodium._malloc(bytes), bytes };
  if (room.address !== 0) return room.address;
  room.bytes = 0;
  throw new RangeError(`no memory for a message of ${bytes} bytes`);
}

/** Where a byte lies that was sealed under a key of zeros, with that key, which is the nonce too, and room to open it. */
const blank = storeBlank();

function storeBlank(): Readonly<Record<"key" | "sealed" | "bytes" | "opened", number>> {
  const zeros = { key: new Uint8Array(KEY_BYTES), nonce: new Uint8Array(NONCE_BYTES), aad: new Uint8Array() };
  const sealed = encryptXChaCha(zeros, new Uint8Array(1)), start = sodium._malloc(KEY_BYTES + sealed.length + 1);
  if (start === 0) throw new Error("libsodium has no memory");
  const sealedAt = start + KEY_BYTES;
  sodium.HEAPU8.set(zeros.key, start);
  sodium.HEAPU8.set(sealed, sealedAt);
  return { key: start, sealed: sealedAt, bytes: sealed.length, opened: sealedAt + sealed.length };
}

/** ChaCha20 leaves the last block that it decrypted on libsodium's stack: opening another message puts that one there. */
function wipeStack(): void {
  open(blank.opened, 0, 0, blank.sealed, blank.bytes, 0, 0, 0, 0, blank.key, blank.key);
}
