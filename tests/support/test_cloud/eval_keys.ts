import { createHash } from "node:crypto";
import type { EvalKeyParts } from "#ports/cloud.ts";

/** The parts of a key that exists only as a pattern, with what was asked of it. */
export interface PatternKey extends EvalKeyParts, Disposable {
  /** `[offset, length]` of each read. */
  readonly reads: (readonly [offset: number, length: number])[];
  isClosed: boolean;
}

export function patternKey(size: number): PatternKey {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = i * 7 + (i >> 10);
  const reads: [number, number][] = [];
  return {
    size,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    reads,
    isClosed: false,
    read(offset, length) {
      reads.push([offset, length]);
      return Promise.resolve(bytes.slice(offset, offset + length));
    },
    [Symbol.dispose]() {
      this.isClosed = true;
    },
  };
}
