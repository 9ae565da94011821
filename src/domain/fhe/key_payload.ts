/**
 * The raw key payloads of contract fhe.md section 2: what a reader can check before it trusts one.
 *
 * @module
 */
import { PayloadError } from "#errors/mod.ts";

/** The three slots of a key bundle. */
export type KeyName = "SecKey" | "EncKey" | "EvalKey";
export const KEY_NAMES = ["SecKey", "EncKey", "EvalKey"] as const satisfies readonly KeyName[];

const HEADER_BYTES = 5;
const SECRET_COEFFICIENT_BYTES = 1024;
const SECRET_WEIGHT = 2730;
const POLYNOMIAL_BYTES = 4096 * 8;
const MIN_EVAL_KEY_BYTES = 1 + 4 * POLYNOMIAL_BYTES * (1 + 32);

/**
 * @param payload Raw key bytes.
 * @throws {PayloadError} wrong length, first byte, preset, coefficient code or Hamming weight; quotes no key bytes.
 */
export function checkKeyPayload(name: KeyName, payload: Uint8Array): void {
  if (name === "EvalKey") return checkEvalKeyStart(payload.length, payload[0]);
  const size = HEADER_BYTES + (name === "SecKey" ? SECRET_COEFFICIENT_BYTES : 4 * POLYNOMIAL_BYTES);
  if (payload.length !== size) throw new PayloadError(`the key has ${payload.length} bytes instead of ${size}`);
  const tag = name === "SecKey" ? 1 : 2;
  if (payload[0] !== tag) throw new PayloadError(`the key's first byte is ${payload[0]} instead of ${tag}`);
  checkPreset(payload.subarray(1, HEADER_BYTES));
  if (name === "SecKey") checkCoefficients(payload.subarray(HEADER_BYTES));
}

function checkPreset(field: Uint8Array): void {
  const text = String.fromCharCode(...field).replace(/\0+$/, "");
  if (text === "IP0") return;
  throw new PayloadError(
    text === "IP1" ? "preset IP1 is not supported, only IP0" : "the key's preset is unknown, only IP0 is supported",
  );
}

/** Bit arithmetic alone: no branch and no index depends on a single coefficient. */
function checkCoefficients(packed: Uint8Array): void {
  let weight = 0, invalid = 0;
  for (const byte of packed) {
    const low = byte & 0x55, high = byte >> 1 & 0x55;
    invalid |= high & ~low;
    weight += (low & 1) + (low >> 2 & 1) + (low >> 4 & 1) + (low >> 6);
  }
  if (invalid !== 0) throw new PayloadError("the key holds an invalid coefficient code");
  if (weight !== SECRET_WEIGHT) throw new PayloadError(`the key's Hamming weight is not ${SECRET_WEIGHT}`);
}

/** What can be checked of an evaluation key without reading it whole. @throws {PayloadError} */
export function checkEvalKeyStart(size: number, firstByte: number | undefined): void {
  if (size < MIN_EVAL_KEY_BYTES) {
    throw new PayloadError(`the key has ${size} bytes, fewer than the smallest evaluation key`);
  }
  if (firstByte !== "F".charCodeAt(0)) throw new PayloadError(`the key's first byte is ${firstByte} instead of 'F'`);
}
