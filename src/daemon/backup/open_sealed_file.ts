import { type AgeKey, decryptAge, MAX_AGE_HEADER } from "#adapters/archive/mod.ts";
import { messageOf, PayloadError } from "#errors/mod.ts";

/**
 * What is in an age file, as it is decrypted.
 *
 * @throws {PayloadError} naming the file and what is wrong with it; what the operating system refuses, as it is.
 */
export async function openSealedFile(path: string, key: AgeKey): Promise<ReadableStream<Uint8Array>> {
  const file = await Deno.open(path);
  try {
    const head = new Uint8Array(MAX_AGE_HEADER);
    let length = 0;
    while (length < head.length) {
      const count = await file.read(head.subarray(length));
      if (count === null) break;
      length += count;
    }
    await file.seek(0, Deno.SeekMode.Start);
    return await decryptAge(file.readable, head.subarray(0, length), key);
  } catch (reason) {
    if (isOfSystem(reason)) throw reason;
    throw new PayloadError(`${path}: ${messageOf(reason)}`);
  }
}

/** What the operating system or Deno refused: no fault of the file. */
export function isOfSystem(reason: unknown): boolean {
  return Object.values(Deno.errors).some((kind) => reason instanceof kind);
}
