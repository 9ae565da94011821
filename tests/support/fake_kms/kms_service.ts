import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from "node:crypto";

/** An error that AWS KMS would answer with. */
export class KmsError extends Error {
  constructor(readonly type: string, message: string, readonly status = 400) {
    super(message);
  }
}

interface Key {
  readonly id: string;
  readonly arn: string;
  /** Each rotation adds one; what older ones wrapped still opens. */
  readonly materials: Uint8Array[];
  readonly rotations: { readonly at: number }[];
  state: "Enabled" | "Disabled" | "Forgotten";
}

type Fields = Readonly<Record<string, unknown>>;
type Context = Readonly<Record<string, string>>;

const NONCE_BYTES = 12, TAG_BYTES = 16, ID_BYTES = 36;
/** Key id, number of the material, nonce, tag, and at least one byte. */
const MIN_BLOB_BYTES = ID_BYTES + 1 + NONCE_BYTES + TAG_BYTES + 1;

/**
 * Keys and the four operations that the vault asks for, as the service documents them:
 * https://docs.aws.amazon.com/kms/latest/APIReference/. A ciphertext opens under its own key and context alone.
 */
export class KmsService {
  readonly #keys: Key[] = [];
  /** Rotations on one page, whatever limit was asked for. */
  pageSize = 100;

  constructor(readonly region: string) {}

  createKey(): { keyId: string; arn: string } {
    const id = randomUUID(), arn = `arn:aws:kms:${this.region}:111122223333:key/${id}`;
    this.#keys.push({ id, arn, materials: [randomBytes(32)], rotations: [], state: "Enabled" });
    return { keyId: id, arn };
  }

  /** @param at Unix seconds. */
  rotate(keyId: string, at: number): void {
    const key = this.#find(keyId);
    key.materials.push(randomBytes(32));
    key.rotations.push({ at });
  }

  setState(keyId: string, state: Key["state"]): void {
    const key = this.#keys.find(({ id, arn }) => id === keyId || arn === keyId);
    if (key) key.state = state;
  }

  /** @throws {KmsError} as the service would. */
  answer(operation: string, input: Fields): Fields {
    switch (operation) {
      case "GenerateDataKey":
        return this.#generateDataKey(input);
      case "Decrypt":
        return this.#decrypt(input);
      case "ReEncrypt":
        return this.#reEncrypt(input);
      case "ListKeyRotations":
        return this.#listKeyRotations(input);
      default:
        throw new KmsError("UnknownOperationException", "");
    }
  }

  #generateDataKey({ KeyId, KeySpec, NumberOfBytes, EncryptionContext }: Fields): Fields {
    const key = this.#usable(text(KeyId, "keyId"));
    if (KeySpec !== "AES_256" || NumberOfBytes !== undefined) {
      throw new KmsError("ValidationException", "only AES_256 data keys are made here");
    }
    const plaintext = randomBytes(32);
    const blob = wrap(key, plaintext, contextOf(EncryptionContext));
    return { KeyId: key.arn, Plaintext: plaintext.toString("base64"), CiphertextBlob: blob.toBase64() };
  }

  #decrypt({ KeyId, CiphertextBlob, EncryptionContext }: Fields): Fields {
    const named = KeyId === undefined ? undefined : this.#usable(text(KeyId, "keyId"));
    const { key, plaintext } = this.#open(CiphertextBlob, EncryptionContext, named);
    return { KeyId: key.arn, Plaintext: plaintext.toBase64(), EncryptionAlgorithm: "SYMMETRIC_DEFAULT" };
  }

  #reEncrypt(input: Fields): Fields {
    const source = input.SourceKeyId === undefined ? undefined : this.#usable(text(input.SourceKeyId, "sourceKeyId"));
    const destination = this.#usable(text(input.DestinationKeyId, "destinationKeyId"));
    const { key, plaintext } = this.#open(input.CiphertextBlob, input.SourceEncryptionContext, source);
    const blob = wrap(destination, plaintext, contextOf(input.DestinationEncryptionContext));
    return {
      SourceKeyId: key.arn,
      KeyId: destination.arn,
      CiphertextBlob: blob.toBase64(),
      SourceEncryptionAlgorithm: "SYMMETRIC_DEFAULT",
      DestinationEncryptionAlgorithm: "SYMMETRIC_DEFAULT",
    };
  }

  #listKeyRotations({ KeyId, Limit, Marker }: Fields): Fields {
    const key = this.#usable(text(KeyId, "keyId"));
    const from = Marker === undefined ? 0 : Number(Marker);
    if (!Number.isInteger(from) || from > key.rotations.length) throw new KmsError("InvalidMarkerException", "");
    const to = from + Math.min(this.pageSize, typeof Limit === "number" ? Limit : 100);
    const truncated = to < key.rotations.length;
    const page = key.rotations.slice(from, to).map(({ at }) => ({
      KeyId: key.arn,
      RotationDate: at,
      RotationType: "ON_DEMAND",
    }));
    return { Rotations: page, Truncated: truncated, ...(truncated ? { NextMarker: String(to) } : {}) };
  }

  #open(blob: unknown, context: unknown, named: Key | undefined): { key: Key; plaintext: Uint8Array } {
    const bytes = Uint8Array.fromBase64(text(blob, "ciphertextBlob"));
    const id = new TextDecoder().decode(bytes.subarray(0, ID_BYTES));
    const made = this.#keys.find((key) => key.id === id);
    if (bytes.length < MIN_BLOB_BYTES || !made) throw new KmsError("InvalidCiphertextException", "");
    if (named && named !== made) {
      throw new KmsError(
        "IncorrectKeyException",
        "The key ID in the request does not identify a CMK that can perform this",
      );
    }
    const key = this.#usable(made.id), plaintext = unwrap(key, bytes, contextOf(context));
    if (!plaintext) throw new KmsError("InvalidCiphertextException", "");
    return { key, plaintext };
  }

  #usable(keyId: string): Key {
    const key = this.#find(keyId);
    if (key.state === "Disabled") throw new KmsError("DisabledException", `${key.arn} is disabled.`);
    return key;
  }

  #find(keyId: string): Key {
    const key = this.#keys.find(({ id, arn }) => id === keyId || arn === keyId);
    if (key && key.state !== "Forgotten") return key;
    throw new KmsError("NotFoundException", `Key '${keyId}' does not exist`);
  }
}

function wrap(key: Key, plaintext: Uint8Array, context: Context): Uint8Array {
  const number = key.materials.length - 1, nonce = randomBytes(NONCE_BYTES);
  const head = new Uint8Array([...new TextEncoder().encode(key.id), number]);
  const cipher = createCipheriv("aes-256-gcm", key.materials[number], nonce).setAAD(bound(head, context));
  return new Uint8Array([...head, ...nonce, ...cipher.update(plaintext), ...cipher.final(), ...cipher.getAuthTag()]);
}

function unwrap(key: Key, blob: Uint8Array, context: Context): Uint8Array | undefined {
  const head = blob.subarray(0, ID_BYTES + 1), sealed = blob.subarray(head.length + NONCE_BYTES);
  const material = key.materials[head[ID_BYTES]];
  if (!material) return undefined;
  const nonce = blob.subarray(head.length, head.length + NONCE_BYTES), tagAt = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv("aes-256-gcm", material, nonce).setAAD(bound(head, context));
  decipher.setAuthTag(sealed.subarray(tagAt));
  try {
    return new Uint8Array([...decipher.update(sealed.subarray(0, tagAt)), ...decipher.final()]);
  } catch {
    return undefined;
  }
}

/** The order of a context's entries does not matter. */
function bound(head: Uint8Array, context: Context): Uint8Array {
  const entries = Object.entries(context).sort(([a], [b]) => a < b ? -1 : 1);
  return new Uint8Array([...head, ...new TextEncoder().encode(JSON.stringify(entries))]);
}

function contextOf(value: unknown): Context {
  const entries = Object.entries(value ?? {});
  if (entries.every(([, part]) => typeof part === "string")) return Object.fromEntries(entries);
  throw new KmsError("ValidationException", "the encryption context maps strings to strings");
}

function text(value: unknown, name: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw new KmsError(
    "ValidationException",
    `Value null at '${name}' failed to satisfy constraint: Member must not be null`,
  );
}
