import type { EvalKeyParts } from "#ports/cloud.ts";
import { HEADER_TYPES, type Request } from "./methods.ts";

/** Most key bytes in one frame: 1 MiB. */
const FRAME_BYTES = 1_048_576;

/** The frames of an upload, each read when the one before it has gone; an empty key makes one without a value. */
export async function* keyFrames(keyId: string, key: EvalKeyParts): AsyncGenerator<Request<"register_key">> {
  const { size, sha256: sha256sum } = key;
  const common = {
    header: { type: HEADER_TYPES.register_key },
    keyInfo: { keyId, type: "EvalKey", preset: "ip0", evalMode: "rmp", sha256sum },
  };
  if (size === 0) yield { ...common, key: { size: 0n } };
  for (let offset = 0; offset < size; offset += FRAME_BYTES) {
    const value = await key.read(offset, Math.min(FRAME_BYTES, size - offset)) as Uint8Array<ArrayBuffer>;
    yield { ...common, key: { size: BigInt(size), value } };
  }
}
