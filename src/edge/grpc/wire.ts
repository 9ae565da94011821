/**
 * The vault's requests and large responses on the wire.
 *
 * Text fields stay views into the received message: a blob is up to 250 MiB, and making a string of it would copy it and
 * check its UTF-8 before anything says that the caller may ask. Nothing is collected beyond what the constraints allow.
 *
 * @module
 */
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** Most envelopes in one DecryptMetadata request, as its annotation in the .proto file says. */
const MAX_METADATA_ITEMS = 1000;

// 37 code points of 4 bytes: a longer token is too long however it goes on.
const MAX_TOKEN_BYTES = 148;

/** All three requests; a field that a request lacks stays empty. */
export interface VaultRequest {
  /** A copy, so that it does not hold the message; cut where it is too long anyway. */
  token: Uint8Array;
  /** DecryptScores: field 2. */
  blob: Uint8Array;
  /** DecryptScores: field 3. */
  topK: number;
  /** DecryptMetadata: field 2; at most one more than allowed, so that the constraint still sees too many. */
  envelopes: Uint8Array[];
}

export function readGetPublicKey(message: Uint8Array): VaultRequest {
  return readRequest(message, () => false);
}

export function readDecryptScores(message: Uint8Array): VaultRequest {
  return readRequest(message, (request, reader, field, type) => {
    if (field === 2 && type === WireType.LengthDelimited) request.blob = reader.bytes();
    else if (field === 3 && type === WireType.Varint) request.topK = reader.int32();
    else return false;
    return true;
  });
}

export function readDecryptMetadata(message: Uint8Array): VaultRequest {
  return readRequest(message, (request, reader, field, type) => {
    if (field !== 2 || type !== WireType.LengthDelimited) return false;
    const envelope = reader.bytes();
    if (request.envelopes.length <= MAX_METADATA_ITEMS) request.envelopes.push(envelope);
    return true;
  });
}

type ReadField = (request: VaultRequest, reader: BinaryReader, field: number, type: WireType) => boolean;

function readRequest(message: Uint8Array, readField: ReadField): VaultRequest {
  const request: VaultRequest = { token: new Uint8Array(), blob: new Uint8Array(), topK: 0, envelopes: [] };
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1 && type === WireType.LengthDelimited) request.token = reader.bytes().slice(0, MAX_TOKEN_BYTES);
    else if (!readField(request, reader, field, type)) reader.skip(type, field);
  }
  return request;
}

/** A response in parts. grpc-js asks a serialized message for its size and to copy itself into the frame, nothing else. */
export class MessageParts {
  readonly byteLength: number;

  constructor(readonly parts: readonly Uint8Array[]) {
    this.byteLength = parts.reduce((sum, part) => sum + part.length, 0);
  }

  copy(target: Uint8Array, offset: number): void {
    for (const part of this.parts) {
      target.set(part, offset);
      offset += part.length;
    }
  }
}

/** A GetPublicKeyResponse whose `key_bundle_json` is the given parts in order. */
export function writeKeyBundle(parts: readonly Uint8Array[]): MessageParts {
  return new MessageParts([fieldHead(1, new MessageParts(parts).byteLength), ...parts]);
}

/** A DecryptMetadataResponse; the plaintexts are valid UTF-8. */
export function writePlaintexts(plaintexts: readonly Uint8Array[]): MessageParts {
  return new MessageParts(plaintexts.flatMap((plaintext) => [fieldHead(1, plaintext.length), plaintext]));
}

/** Any vault response that carries nothing but `error`, which is field 2 in all of them. */
export function writeError(error: string): MessageParts {
  return new MessageParts([new BinaryWriter().tag(2, WireType.LengthDelimited).string(error).finish()]);
}

function fieldHead(field: number, bytes: number): Uint8Array {
  return new BinaryWriter().tag(field, WireType.LengthDelimited).uint32(bytes).finish();
}
