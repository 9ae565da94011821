import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { readKeyEnvelope } from "#domain/fhe/mod.ts";
import { GOLDEN, LIBRARY } from "./paths.ts";

const DEGREE = 4096;
const GROUP_BYTES = 2 * DEGREE * 8;
const HEADER_BYTES = 33;
const PRESET_IP0 = 5;

const symbols = {
  evi_context_create: { parameters: ["i32", "i32", "u64", "i32", "usize", "buffer"], result: "i32" },
  rv_encrypt_scores: {
    // context, EncKey, its bytes, f64 scores, their count, out, its bytes, out text of a failure, its capacity
    parameters: ["usize", "buffer", "usize", "buffer", "usize", "buffer", "usize", "buffer", "usize"],
    result: "i32",
  },
} as const satisfies Deno.ForeignLibraryInterface;

/** What the cloud does: makes encrypted scores that only the vault can read. */
export class ScoreEncryptor {
  readonly #library = Deno.dlopen(LIBRARY, symbols).symbols;
  readonly #context: bigint;

  /** @param encKey Raw EncKey payload, 131,077 bytes. */
  constructor(readonly encKey: Uint8Array<ArrayBuffer>, dim = 1024) {
    const out = new BigUint64Array(1);
    if (this.#library.evi_context_create(PRESET_IP0, 0, BigInt(dim), 0, 0n, out) !== 0) throw new Error("no context");
    this.#context = out[0];
  }

  /** With the golden public key. */
  static golden(): ScoreEncryptor {
    const envelope = Deno.readFileSync(`${GOLDEN}vault-key/EncKey.json`);
    return new ScoreEncryptor(readKeyEnvelope("EncKey", "EncKey.json", envelope));
  }

  /** One serialized search result (contract fhe.md section 3). */
  searchResult(scores: ArrayLike<number>): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(HEADER_BYTES + Math.ceil(scores.length / DEGREE) * GROUP_BYTES);
    const message = new Uint8Array(256);
    const status = this.#library.rv_encrypt_scores(
      this.#context,
      this.encKey,
      BigInt(this.encKey.length),
      Float64Array.from(scores),
      BigInt(scores.length),
      out,
      BigInt(out.length),
      message,
      BigInt(message.length),
    );
    if (status !== 0) throw new Error(new TextDecoder().decode(message));
    return out;
  }

  /** The base64 blob of a DecryptScores request: one search result for each row of scores. */
  blob(rows: readonly ArrayLike<number>[], shardIdx: readonly number[] = []): string {
    return ciphertextScore(rows.map((row) => this.searchResult(row)), shardIdx).toBase64();
  }
}

/** An ES2.CiphertextScore message. */
export function ciphertextScore(results: readonly Uint8Array[], shardIdx: readonly number[] = []) {
  const writer = new BinaryWriter().tag(1, WireType.LengthDelimited).string("id-0123456789");
  if (shardIdx.length > 0) {
    writer.tag(2, WireType.LengthDelimited).fork();
    for (const shard of shardIdx) writer.uint64(shard);
    writer.join();
  }
  for (const data of results) {
    writer.tag(3, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.Varint).uint64(DEGREE).tag(2, WireType.LengthDelimited).bytes(data).join();
  }
  return writer.finish();
}
