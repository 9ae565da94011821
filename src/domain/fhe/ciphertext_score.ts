import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { isUtf8 } from "node:buffer";
import { PayloadError } from "#errors/mod.ts";

/** A parsed `ES2.CiphertextScore`; `results` are views into the message. */
export interface CiphertextScore {
  /** Empty, or one shard number (as int32) for each result. */
  readonly shardIdx: readonly number[];
  /** One serialized search result each. */
  readonly results: readonly Uint8Array[];
}

/**
 * Reads the message of contract fhe.md section 3 without copying its payload; the `id` is not used.
 *
 * @throws {PayloadError} when it is not such a message, or its counts disagree.
 */
export function parseCiphertextScore(message: Uint8Array): CiphertextScore {
  const score = readMessage(message);
  const { shardIdx, results } = score;
  if (shardIdx.length > 0 && shardIdx.length !== results.length) {
    throw new PayloadError(
      `envector/crypto: ctxt_score has ${results.length} entries but shard_idx has ${shardIdx.length}`,
    );
  }
  const empty = results.findIndex((data) => data.length === 0);
  if (empty >= 0) throw new PayloadError(`envector/crypto: ctxt_score[${empty}] empty`);
  return score;
}

function readMessage(message: Uint8Array): CiphertextScore {
  const shardIdx: number[] = [], results: Uint8Array[] = [];
  try {
    forEachField(message, (reader, field, type) => {
      if (field === 1 && type === WireType.LengthDelimited) {
        if (!isUtf8(reader.bytes())) throw new TypeError("id is not UTF-8");
      } else if (field === 2 && type === WireType.Varint) {
        shardIdx.push(readInt32(reader));
      } else if (field === 2 && type === WireType.LengthDelimited) {
        const packed = new BinaryReader(reader.bytes());
        while (packed.pos < packed.len) shardIdx.push(readInt32(packed));
        if (packed.pos > packed.len) throw new RangeError("truncated");
      } else if (field === 3 && type === WireType.LengthDelimited) {
        results.push(readData(reader.bytes()));
      } else {
        reader.skip(type, field);
      }
    });
  } catch (cause) {
    // One text for every way to be malformed: the parser's own would differ from the native library's.
    throw new PayloadError("Deserialization failed: Error parsing message with type 'ES2.CiphertextScore'", { cause });
  }
  return { shardIdx, results };
}

function readData(ciphertext: Uint8Array): Uint8Array {
  let data: Uint8Array = new Uint8Array();
  forEachField(ciphertext, (reader, field, type) => {
    if (field === 2 && type === WireType.LengthDelimited) data = reader.bytes();
    else reader.skip(type, field);
  });
  return data;
}

function readInt32(reader: BinaryReader): number {
  return Number(BigInt.asIntN(32, BigInt(reader.uint64())));
}

function forEachField(message: Uint8Array, visit: (reader: BinaryReader, field: number, type: WireType) => void): void {
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    // Groups nest, and no version of this message has any: skipping them would only let a blob build depth.
    if (type === WireType.StartGroup || type === WireType.EndGroup) throw new TypeError("group");
    visit(reader, field, type);
  }
}
