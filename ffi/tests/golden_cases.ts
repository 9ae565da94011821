/** Golden blobs as library_test reads them; the messages are taken apart by a reader that is not the library's. */
import { join } from "node:path";
import { VECTORS } from "./programs.ts";

interface Expected {
  shard_idx: number[];
  scores: number[][];
}

/** @returns a varint and the place after it; golden messages have none above 2^53. */
function readVarint(bytes: Uint8Array, at: number): [value: number, after: number] {
  let value = 0;
  for (let shift = 0;; shift += 7, at++) {
    value += (bytes[at] & 127) * 2 ** shift;
    if (bytes[at] < 128) return [value, at + 1];
  }
}

/** The contents of every length-delimited field with this number. */
function fieldsOf(bytes: Uint8Array, number: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const [tag, afterTag] = readVarint(bytes, at);
    const [value, afterValue] = readVarint(bytes, afterTag);
    const isBytes = tag % 8 === 2;
    at = afterValue + (isBytes ? value : 0);
    if (isBytes && Math.floor(tag / 8) === number) found.push(bytes.subarray(afterValue, at));
  }
  return found;
}

/** For each ciphertext: i32 shard, u32 rows, u32 size of its search result, the search result, the scores as f32. */
export function casesOf(name: string): Uint8Array<ArrayBuffer> {
  const expected: Expected = JSON.parse(Deno.readTextFileSync(join(VECTORS, `${name}.expected.json`)));
  const message = Uint8Array.fromBase64(Deno.readTextFileSync(join(VECTORS, `${name}.b64`)));
  const parts = fieldsOf(message, 3).flatMap((ciphertext, i) => {
    const data = fieldsOf(ciphertext, 2)[0];
    const header = new DataView(new ArrayBuffer(12));
    header.setInt32(0, expected.shard_idx.length > 0 ? expected.shard_idx[i] : i, true);
    header.setUint32(4, expected.scores[i].length, true);
    header.setUint32(8, data.length, true);
    return [new Uint8Array(header.buffer), data, new Uint8Array(Float32Array.from(expected.scores[i]).buffer)];
  });
  const joined = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) joined.set(part, at), at += part.length;
  return joined;
}
