import type { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { messageOf, PayloadError } from "#errors/mod.ts";
import type { EvalKeyParts } from "#ports/cloud.ts";
import type { KeyStore, OpenKeyFile } from "#ports/key_store.ts";
import { keyDataStart, readEntry } from "./key_envelope.ts";
import { checkEvalKeyStart } from "./key_payload.ts";

const FILE = "EvalKey.json";
/** All of an envelope but its key fits in this many bytes before and after the key. */
const MARGIN_BYTES = 65_536;
const HASH_PART_BYTES = 1_048_576;
const QUOTE = '"'.charCodeAt(0), PAD = "=".charCodeAt(0);

/**
 * The evaluation key in its envelope, decoded where it is asked for: 4 MiB of key are 5.7 MB of text, and nobody needs
 * more than a part at a time.
 */
export class EvalKey implements Disposable {
  private constructor(
    readonly file: OpenKeyFile,
    /** Where the base64 text is in the file. */
    readonly text: { readonly start: number; readonly length: number },
    /** Bytes of the raw key. */
    readonly size: number,
    /** SHA-256 of the raw key, lower-case hex. */
    readonly sha256: string,
  ) {}

  /**
   * Opens and checks `EvalKey.json`.
   *
   * @throws {PayloadError} when it is missing or not valid; quotes nothing of it.
   */
  static async open(store: KeyStore): Promise<EvalKey> {
    const file = await store.open(FILE);
    if (file === undefined) throw new PayloadError(`${store.pathOf(FILE)}: no such file`);
    try {
      return await EvalKey.#check(file);
    } catch (reason) {
      file[Symbol.dispose]();
      throw new PayloadError(`${store.pathOf(FILE)}: ${messageOf(reason)}`);
    }
  }

  static async #check(file: OpenKeyFile): Promise<EvalKey> {
    const { text, hash } = await findKey(file);
    const padding = await file.read(text.start + text.length - 2, 2);
    const size = text.length / 4 * 3 - padding.filter((code) => code === PAD).length;
    const key = new EvalKey(file, text, size, "");
    checkEvalKeyStart(size, (await key.read(0, 1))[0]);
    const sha256 = await sha256OfParts({ size, read: (offset, length) => key.read(offset, length) });
    if (sha256.toString("base64") !== hash) {
      throw new PayloadError("entries[0].hash does not match key_data: the file is damaged");
    }
    return new EvalKey(file, text, size, sha256.toString("hex"));
  }

  /** The `length` bytes from `offset`, which lie within the key; one call after the other. */
  async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const first = Math.floor(offset / 3), end = Math.ceil((offset + length) / 3);
    const text = await this.file.read(this.text.start + 4 * first, 4 * (end - first));
    const from = offset - 3 * first;
    const bytes = decode(text).subarray(from, from + length);
    if (bytes.length !== length) throw new PayloadError("entries[0].key_data is not valid base64");
    return bytes;
  }

  [Symbol.dispose](): void {
    this.file[Symbol.dispose]();
  }
}

/** SHA-256 of a key, of which it never holds more than a part. */
export async function sha256OfParts({ size, read }: Pick<EvalKeyParts, "size" | "read">): Promise<Buffer> {
  const digest = createHash("sha256");
  for (let offset = 0; offset < size; offset += HASH_PART_BYTES) {
    digest.update(await read(offset, Math.min(HASH_PART_BYTES, size - offset)));
  }
  return digest.digest();
}

async function findKey(file: OpenKeyFile): Promise<{ text: EvalKey["text"]; hash: unknown }> {
  const head = await file.read(0, MARGIN_BYTES), start = keyDataStart(head);
  if (start < 0) throw new PayloadError("entries[0] has no key_data");
  const tailStart = Math.max(start, file.size - MARGIN_BYTES);
  const tail = await file.read(tailStart, file.size - tailStart), end = tail.indexOf(QUOTE);
  const length = tailStart + end - start;
  const { hash } = readEntry("EvalKey", head.subarray(0, start), tail.subarray(Math.max(0, end)));
  if (length <= 0) throw new PayloadError("entries[0] has no key_data");
  if (length % 4 !== 0) throw new PayloadError("entries[0].key_data is not valid base64");
  return { text: { start, length }, hash };
}

function decode(text: Uint8Array): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.fromBase64(new TextDecoder("latin1").decode(text), { lastChunkHandling: "strict" });
  } catch {
    throw new PayloadError("entries[0].key_data is not valid base64"); // the engine's own text may quote
  }
}
