import { fileURLToPath } from "node:url";

/** The repository's root. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
export const LIBRARY = `${ROOT}ffi/build/libenvector.so`;
export const VECTORS = `${ROOT}tests/vectors/`;
export const GOLDEN = `${VECTORS}fhe/`;
export const GOLDEN_NAMES = [
  "one-row",
  "one-shard-100",
  "one-shard-4096",
  "three-shards",
  "two-shards-no-index",
  "unit-scores",
] as const;

/** What the vendor's decryptor returned for a golden blob. */
export interface Expected {
  readonly shard_idx: readonly number[];
  readonly scores: readonly (readonly number[])[];
  readonly top50: readonly (readonly [shard: number, row: number, score: number])[];
}

export function goldenBlob(name: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(`${GOLDEN}${name}.b64`);
}

export function goldenExpected(name: string): Expected {
  return JSON.parse(Deno.readTextFileSync(`${GOLDEN}${name}.expected.json`));
}

/** Whether two float32 values are equal or neighbours. */
export function withinOneUlp(a: number, b: number): boolean {
  const bits = (value: number) => {
    const raw = new Int32Array(new Float32Array([value]).buffer)[0];
    return raw < 0 ? -(raw & 0x7fffffff) : raw;
  };
  return Math.abs(bits(a) - bits(b)) <= 1;
}
